//! Made-up people, with duplicates and families, always the same ones for a seed.

use cdp_linkage::{LinkageConfig, RawLinkageConfig, Records};

/// A small generator of numbers (SplitMix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A number from 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A word of two to four syllables, one of about thirty thousand.
    fn word(&mut self) -> String {
        let syllables = [
            "ba", "den", "ka", "lor", "mi", "nes", "po", "rud", "sa", "tin", "vo", "wel",
        ];
        let count = 2 + self.below(3);
        (0..count)
            .map(|_| syllables[usize::try_from(self.below(12)).expect("small")])
            .collect()
    }
}

/// A record: given name, surname, birth date, phone, street, city, postcode.
pub(crate) type Person = [String; 7];
/// The fields of a [`Person`].
pub(crate) const FIELDS: [&str; 7] = [
    "given_name",
    "surname",
    "birth_date",
    "phone",
    "address_1",
    "city",
    "postcode",
];

/// Families of one to four, of whom each member is there once, or with `copies` twice for one in
/// two. Gives the records and the number of each person.
pub(crate) fn families(count: usize, copies: bool, seed: u64) -> (Vec<Person>, Vec<usize>) {
    let mut dice = Dice(seed);
    let (mut records, mut who) = (Vec::new(), Vec::new());
    let mut person = 0;
    for _ in 0..count {
        let surname = dice.word();
        let home = [
            format!("030{:08}", dice.below(100_000_000)),
            format!("{} {}", dice.word(), dice.below(200)),
            dice.word(),
            format!("{:05}", dice.below(100_000)),
        ];
        for _ in 0..=dice.below(4) {
            let birth = format!(
                "{}-{:02}-{:02}",
                1930 + dice.below(80),
                1 + dice.below(12),
                1 + dice.below(28)
            );
            let [phone, street, city, postcode] = home.clone();
            let record = [
                dice.word(),
                surname.clone(),
                birth,
                phone,
                street,
                city,
                postcode,
            ];
            if copies && dice.below(2) == 0 {
                records.push(spoiled(&record, &mut dice));
                who.push(person);
            }
            records.push(record);
            who.push(person);
            person += 1;
        }
    }
    (records, who)
}

/// A copy with two values changed, left out or written with a slip.
fn spoiled(record: &Person, dice: &mut Dice) -> Person {
    let mut copy = record.clone();
    for _ in 0..2 {
        let field = usize::try_from(dice.below(7)).expect("small");
        match dice.below(3) {
            0 => copy[field].clear(),
            1 => copy[field].push('x'),
            _ => copy[field] = copy[field].chars().skip(1).collect(),
        }
    }
    copy
}

/// The default configuration.
pub(crate) fn default_config() -> LinkageConfig {
    LinkageConfig::from_raw(&RawLinkageConfig::default()).expect("sound defaults")
}

/// Records of people, in the order given.
pub(crate) fn records(config: &LinkageConfig, people: &[Person]) -> Records {
    let columns = config.columns(&FIELDS);
    let mut records = Records::new(config);
    for person in people {
        let values = columns
            .iter()
            .map(|column| column.map(|column| person[column].as_str()));
        records.push(config, &values.collect::<Vec<_>>());
    }
    records
}
