//! Who a person is: name, address, account and the identifiers that systems know them by.

use crate::draw::{Draw, Id, IdKind, Topic, personal_number};
use crate::names::{
    FEMALE_NAMES, LAST_NAMES, MAIL_DOMAINS, MALE_NAMES, STREETS, TOWNS, Town, WORK_DOMAINS,
};
use crate::person::{Channel, Traits};
use crate::time::{DAY, Time};
use crate::world::World;

/// How many households share a browser or a device.
const SHARING_SHARE: f64 = 0.14;

/// An account of the web shop and app.
pub(crate) struct Account {
    pub(crate) user_id: String,
    pub(crate) opened_at: Time,
}

/// A browser, which forgets its cookie now and then.
struct Browser {
    cookie_days: i64,
}

pub(crate) struct Identity {
    pub(crate) first_name: &'static str,
    pub(crate) last_name: &'static str,
    pub(crate) is_female: bool,
    pub(crate) birth_date: Time,
    pub(crate) street: String,
    pub(crate) postcode: String,
    pub(crate) town: Town,
    pub(crate) account: Option<Account>,
    /// As normalised; one or two.
    pub(crate) emails: Vec<String>,
    /// As normalised.
    pub(crate) phone: Option<String>,
    pub(crate) loyalty_id: Option<String>,
    number: u32,
    browsers: Vec<Browser>,
    device_count: u32,
    shared_cookie: Option<Id>,
    shared_device: Option<Id>,
}

/// What the two persons with neighbouring numbers have in common.
struct Household {
    last_name: &'static str,
    street: String,
    postcode: String,
    town: Town,
    shared_cookie: Option<Id>,
    shared_device: Option<Id>,
}

impl Household {
    fn draw(seed: u64, number: u32) -> Self {
        let mut draw = Draw::new(seed, number, Topic::Household);
        let town = draw.pick(&TOWNS);
        let is_sharing = draw.chance(SHARING_SHARE);
        let shared = |kind, is_shared: bool| {
            (is_sharing && is_shared).then(|| Id::new(seed, kind, number, 0))
        };
        Self {
            last_name: draw.pick(&LAST_NAMES),
            street: format!("{} {}", draw.pick(&STREETS), draw.between(1, 90)),
            postcode: format!("{}{:02}", town.postcode, draw.between(0, 100)),
            town,
            shared_cookie: shared(IdKind::SharedCookie, draw.chance(0.75)),
            shared_device: shared(IdKind::SharedDevice, draw.chance(0.6)),
        }
    }
}

impl Identity {
    pub(crate) fn draw(
        world: &World,
        number: u32,
        traits: &Traits,
        joined_at: Time,
        dropped_out_at: Time,
    ) -> Self {
        let seed = world.spec.seed;
        let mut draw = Draw::new(seed, number, Topic::Identity);
        let home = Household::draw(seed, number / 2);
        let is_female = draw.chance(0.52);
        let first_name = draw.pick(if is_female {
            &FEMALE_NAMES
        } else {
            &MALE_NAMES
        });
        let last_name = if home.shared_cookie.is_some() || draw.chance(0.3) {
            home.last_name
        } else {
            draw.pick(&LAST_NAMES)
        };
        let account = draw_account(&mut draw, world, number, traits, joined_at)
            .filter(|account| account.opened_at < dropped_out_at);
        let browsers = (0..=draw.geometric(0.7).min(3))
            .map(|_| Browser {
                cookie_days: draw.between(60, 500),
            })
            .collect();
        let birth_years = 18.0 + draw.gamma(3.0, 8.5).min(70.0);
        let series = |series| personal_number(seed, series, number);
        Self {
            first_name,
            last_name,
            is_female,
            birth_date: world.start.after_days(-365.25 * birth_years),
            street: home.street,
            postcode: home.postcode,
            town: home.town,
            account,
            emails: draw_emails(&mut draw, number, first_name, last_name),
            phone: draw.chance(0.8).then(|| format!("+999{:010}", series(2))),
            loyalty_id: draw.chance(0.45).then(|| format!("7{:010}", series(3))),
            number,
            browsers,
            device_count: match (traits.has_app, draw.chance(0.3)) {
                (false, _) => 0,
                (true, false) => 1,
                (true, true) => 2,
            },
            shared_cookie: home.shared_cookie,
            shared_device: home.shared_device,
        }
    }

    /// The cookie of a visit at `at`: of a browser of their own or the family's.
    pub(crate) fn cookie(&self, draw: &mut Draw, world: &World, at: Time) -> Id {
        if let Some(shared) = self.shared_cookie
            && draw.chance(0.4)
        {
            return shared;
        }
        let place = draw
            .index(self.browsers.len())
            .min(draw.index(self.browsers.len()));
        let renewals =
            at.seconds_since(world.start).max(0) / (self.browsers[place].cookie_days * DAY);
        let sequence = (place << 16) + usize::try_from(renewals).unwrap_or(0);
        let sequence = u32::try_from(sequence).unwrap_or(0);
        Id::new(world.spec.seed, IdKind::Cookie, self.number, sequence)
    }

    /// The device of a visit in the app: one of their own or the family's.
    pub(crate) fn device(&self, draw: &mut Draw, world: &World) -> Id {
        if let Some(shared) = self.shared_device
            && draw.chance(0.4)
        {
            return shared;
        }
        let second = self.device_count > 1 && draw.chance(0.3);
        Id::new(
            world.spec.seed,
            IdKind::Device,
            self.number,
            u32::from(second),
        )
    }

    pub(crate) fn has_family_device(&self) -> bool {
        self.shared_device.is_some()
    }

    /// The account, if it is open at `at`.
    pub(crate) fn account_at(&self, at: Time) -> Option<&Account> {
        self.account
            .as_ref()
            .filter(|account| account.opened_at <= at)
    }

    /// An address as the person gives it: mostly the first.
    pub(crate) fn email(&self, draw: &mut Draw) -> &str {
        let is_first = draw.chance(0.85);
        let place = if is_first { 0 } else { self.emails.len() - 1 };
        &self.emails[place]
    }
}

fn draw_account(
    draw: &mut Draw,
    world: &World,
    number: u32,
    traits: &Traits,
    joined_at: Time,
) -> Option<Account> {
    let share = match (traits.purchases_per_day > 0.0, traits.channel) {
        (true, Channel::App) => 0.95,
        (true, Channel::Web) => 0.72,
        (true, Channel::Store) => 0.5,
        (false, _) => 0.3,
    };
    let has_account = draw.chance(share);
    let opened_at = if joined_at == world.start && draw.chance(0.75) {
        joined_at.after_days(-draw.exponential(300.0) - 1.0)
    } else {
        joined_at.after_days(draw.exponential(15.0))
    };
    has_account.then(|| Account {
        user_id: format!("u{:08x}", personal_number(world.spec.seed, 1, number)),
        opened_at,
    })
}

/// The number in an address keeps it apart from everybody else's.
fn draw_emails(draw: &mut Draw, number: u32, first_name: &str, last_name: &str) -> Vec<String> {
    let plain = |name: &str| name.to_lowercase().replace('é', "e");
    let (first, last) = (plain(first_name), plain(last_name));
    let mut emails = vec![format!(
        "{first}.{last}{number}@{}",
        draw.pick(&MAIL_DOMAINS)
    )];
    if draw.chance(0.18) {
        let initial = &first[..1];
        emails.push(format!(
            "{initial}{last}{number}@{}",
            draw.pick(&WORK_DOMAINS)
        ));
    }
    emails
}
