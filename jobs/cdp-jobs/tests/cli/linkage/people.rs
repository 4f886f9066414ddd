//! Contacts of made-up people, always the same ones.

const HOUSEHOLDS: u64 = 160;

/// A small generator of numbers (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn word(&mut self) -> String {
        let syllables = [
            "ba", "den", "ka", "lor", "mi", "nes", "po", "rud", "sa", "tin",
        ];
        let count = 2 + self.below(2);
        (0..count)
            .map(|_| syllables[usize::try_from(self.below(10)).expect("small")])
            .collect()
    }
}

/// One contact as the CRM writes it.
pub(super) struct Contact {
    pub(super) id: String,
    email: String,
    phone: String,
    given_name: String,
    surname: String,
    birth_date: String,
    street: String,
    postcode: String,
    city: String,
    pub(super) updated_at: &'static str,
}

impl Contact {
    pub(super) fn line(&self) -> String {
        let Self {
            id,
            email,
            phone,
            given_name,
            surname,
            birth_date,
            street,
            postcode,
            city,
            updated_at,
        } = self;
        format!(
            "{id},,,{email},{phone},{given_name},{surname},,{birth_date},{street},{postcode},\
             {city},,,2025-01-01T00:00:00Z,{updated_at},{updated_at}\n"
        )
    }

    /// The same person as the call centre wrote it down: no address on the web, and a slip.
    fn heard(&self, id: String, dice: &mut Dice) -> Self {
        let slip = |text: &str| {
            let at = text.len() / 2;
            format!("{}{}", &text[..at], &text[at + 1..])
        };
        let (mut given_name, mut surname) = (self.given_name.clone(), self.surname.clone());
        match dice.below(3) {
            0 => given_name = slip(&given_name),
            1 => surname = slip(&surname),
            _ => std::mem::swap(&mut given_name, &mut surname),
        }
        Self {
            id,
            email: String::new(),
            phone: String::new(),
            given_name,
            surname,
            birth_date: self.birth_date.clone(),
            street: self.street.clone(),
            postcode: self.postcode.clone(),
            city: self.city.clone(),
            updated_at: self.updated_at,
        }
    }
}

/// Couples, of whom one in three is in the CRM a second time: `crm-7` and `crm-7x`.
pub(super) fn contacts() -> Vec<Contact> {
    let mut dice = Dice(3);
    let mut contacts = Vec::new();
    for household in 0..HOUSEHOLDS {
        let surname = dice.word();
        let street = format!("{} street {}", dice.word(), 1 + dice.below(90));
        let (city, postcode) = (dice.word(), format!("{:05}", dice.below(100_000)));
        for person in 2 * household..2 * household + 2 {
            let given_name = dice.word();
            let contact = Contact {
                id: format!("crm-{person}"),
                email: format!("{given_name}.{surname}{person}@mail.test"),
                phone: format!("+49301{person:07}"),
                given_name,
                surname: surname.clone(),
                birth_date: format!(
                    "{}-{:02}-{:02}",
                    1940 + dice.below(60),
                    1 + dice.below(12),
                    1 + dice.below(28)
                ),
                street: street.clone(),
                postcode: postcode.clone(),
                city: city.clone(),
                updated_at: "2026-01-01T10:00:00Z",
            };
            if dice.below(3) == 0 {
                contacts.push(contact.heard(format!("crm-{person}x"), &mut dice));
            }
            contacts.push(contact);
        }
    }
    // Of one person the call centre first wrote down next to nothing.
    let later = contacts.iter_mut().find(|one| one.id.ends_with('x'));
    later.expect("some are there twice").updated_at = "2026-01-02T10:00:00Z";
    contacts
}
