//! What the writers of one person share.

use crate::draw::{Draw, Id, IdKind, Topic};
use crate::life::Life;
use crate::person::Person;
use crate::sheet::Sheets;
use crate::time::Time;
use crate::world::World;

/// What kind of identifier it is, as the truth names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Email,
    Phone,
    UserId,
    AnonymousId,
    DeviceId,
    ContactId,
    LoyaltyId,
    RecordId,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::UserId => "user_id",
            Self::AnonymousId => "anonymous_id",
            Self::DeviceId => "device_id",
            Self::ContactId => "crm_id",
            Self::LoyaltyId => "loyalty_id",
            Self::RecordId => "record_id",
        }
    }
}

/// The identifiers that a person left in the tables.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) texts: Vec<(Kind, String)>,
    pub(crate) ids: Vec<(Kind, Id)>,
}

impl Seen {
    pub(crate) fn text(&mut self, kind: Kind, value: &str) {
        if !self
            .texts
            .iter()
            .any(|(other, seen)| *other == kind && seen == value)
        {
            self.texts.push((kind, value.to_owned()));
        }
    }

    pub(crate) fn id(&mut self, kind: Kind, id: Id) {
        if !self.ids.contains(&(kind, id)) {
            self.ids.push((kind, id));
        }
    }
}

/// One person, and where the person's rows go.
pub(crate) struct Scene<'w> {
    pub(crate) world: &'w World,
    pub(crate) person: &'w Person,
    pub(crate) life: &'w Life,
    pub(crate) sheets: &'w mut Sheets,
    pub(crate) seen: Seen,
}

impl Scene<'_> {
    pub(crate) fn draw(&self, topic: Topic) -> Draw {
        Draw::new(self.world.spec.seed, self.person.number, topic)
    }

    pub(crate) fn id(&self, kind: IdKind, sequence: u32) -> Id {
        self.person.id(self.world.spec.seed, kind, sequence)
    }

    /// Whether `at` is before the world ends; later rows are not written.
    pub(crate) fn is_in_world(&self, at: Time) -> bool {
        at < self.world.end
    }
}
