//! What the CRM and a third party know about people.

use crate::commerce::{give_email, give_phone};
use crate::draw::{Draw, Id, IdKind, Topic};
use crate::names::{CATEGORIES, TOWNS};
use crate::noise::{self, EMAIL_PLACEHOLDERS};
use crate::scene::{Kind, Scene};
use crate::sheet::Cell;
use crate::time::{HOUR, MINUTE, Time};

const MOST_VERSIONS: usize = 8;

pub(crate) fn write(scene: &mut Scene<'_>) {
    let Some(known_at) = scene.life.known_at else {
        return;
    };
    write_contacts(scene, known_at);
    write_demographics(scene, known_at);
}

/// Most customers have a contact, some have two that nobody merged.
fn write_contacts(scene: &mut Scene<'_>, known_at: Time) {
    let mut draw = scene.draw(Topic::Contacts);
    let is_customer = !scene.life.purchases.is_empty();
    if !draw.chance(if is_customer { 0.93 } else { 0.5 }) {
        return;
    }
    let mut created_at = known_at + draw.between(MINUTE, 3 * HOUR);
    let opened_at = scene.person.identity.account.as_ref();
    let opened_at = opened_at.map_or(created_at, |account| account.opened_at);
    write_versions(&mut draw, scene, 0, opened_at.min(created_at), created_at);
    if draw.chance(0.07) {
        created_at = created_at.after_days(draw.exponential(80.0));
        write_versions(&mut draw, scene, 1, created_at, created_at);
    }
}

/// A first version and, after some of the purchases, another.
fn write_versions(
    draw: &mut Draw,
    scene: &mut Scene<'_>,
    sequence: u32,
    created_at: Time,
    first_at: Time,
) {
    let id = scene.id(IdKind::Contact, sequence);
    let mut versions = vec![first_at];
    for purchase in &scene.life.purchases {
        if purchase.at > first_at && draw.chance(0.12) {
            versions.push(purchase.at + draw.between(HOUR, 20 * HOUR));
        }
    }
    versions.sort_unstable();
    versions.dedup();
    versions.retain(|at| scene.is_in_world(*at));
    for updated_at in versions.into_iter().take(MOST_VERSIONS) {
        scene.seen.id(Kind::ContactId, id);
        write_version(draw, scene, id, created_at, updated_at);
    }
}

fn write_version(
    draw: &mut Draw,
    scene: &mut Scene<'_>,
    id: Id,
    created_at: Time,
    updated_at: Time,
) {
    let identity = &scene.person.identity;
    let user_id = identity
        .account_at(updated_at)
        .filter(|_| draw.chance(0.8))
        .map(|account| account.user_id.as_str());
    if let Some(user_id) = user_id {
        scene.seen.text(Kind::UserId, user_id);
    }
    let loyalty_id = identity.loyalty_id.as_deref();
    if let Some(loyalty_id) = loyalty_id {
        scene.seen.text(Kind::LoyaltyId, loyalty_id);
    }
    let email = if draw.chance(0.012) {
        draw.pick(&EMAIL_PLACEHOLDERS).to_owned()
    } else {
        give_email(draw, scene)
    };
    let phone = if draw.chance(0.012) {
        Some("0".to_owned())
    } else {
        draw.chance(0.9).then(|| give_phone(draw, scene)).flatten()
    };
    let gender = if identity.is_female { "f" } else { "m" };
    let last_name = noise::typed_name(draw, identity.last_name);
    let has_address = draw.chance(0.85);
    let address = |text: &'static str| has_address.then_some(text);
    scene
        .sheets
        .crm_contacts
        .row()
        .put(id)
        .put(user_id)
        .put(loyalty_id)
        .put(&email)
        .put(phone.as_deref())
        .put(noise::typed_name(draw, identity.first_name).as_str())
        .put(&last_name)
        .put(draw.chance(0.8).then_some(gender))
        .put(if draw.chance(0.6) {
            Cell::Date(identity.birth_date)
        } else {
            Cell::Empty
        })
        .put(has_address.then_some(&identity.street))
        .put(has_address.then_some(&identity.postcode))
        .put(address(identity.town.name))
        .put(address(identity.town.country))
        .put(identity.town.language)
        .put(created_at)
        .put(updated_at)
        .put(noise::nightly_arrival(draw, updated_at))
        .end();
}

/// The third party knows about three quarters of the people the shop knows, some of them twice.
fn write_demographics(scene: &mut Scene<'_>, known_at: Time) {
    let mut draw = scene.draw(Topic::Demographics);
    let records = draw.pick_weighted(&[(0, 0.22), (1, 0.74), (2, 0.04)]);
    for sequence in 0..records {
        let provided_at = known_at.after_days(draw.exponential(30.0)).start_of_day() + 6 * HOUR;
        let provided_at = provided_at.max(known_at + HOUR);
        if scene.is_in_world(provided_at) {
            write_record(&mut draw, scene, sequence, provided_at);
        }
    }
}

fn write_record(draw: &mut Draw, scene: &mut Scene<'_>, sequence: u32, provided_at: Time) {
    let identity = &scene.person.identity;
    let traits = &scene.person.traits;
    let id = scene.id(IdKind::Demographics, sequence);
    scene.seen.id(Kind::RecordId, id);
    let phone = draw.chance(0.4).then(|| give_phone(draw, scene)).flatten();
    let email = (phone.is_none() || draw.chance(0.3)).then(|| give_email(draw, scene));
    let gender = if identity.is_female == draw.chance(0.97) {
        "f"
    } else {
        "m"
    };
    let town = if draw.chance(0.9) {
        identity.town
    } else {
        draw.pick(&TOWNS)
    };
    let means = traits.price_sensitivity + 0.25 * draw.normal();
    let income_band = match means {
        means if means < 0.3 => "high",
        means if means < 0.7 => "middle",
        _ => "low",
    };
    let mut interests: Vec<_> = traits
        .favourites
        .into_iter()
        .map(|place| CATEGORIES[place].name)
        .filter(|_| draw.chance(0.8))
        .collect();
    interests.push(CATEGORIES[draw.index(CATEGORIES.len())].name);
    interests.sort_unstable();
    interests.dedup();
    let birth_year = identity.birth_date.year() + i64::from(draw.chance(0.1));
    scene
        .sheets
        .demographics
        .row()
        .put(id)
        .put(email.as_deref())
        .put(phone.as_deref())
        .put(gender)
        .put(birth_year)
        .put(town.name)
        .put(town.country)
        .put(draw.between(1, 6))
        .put(draw.chance(0.9).then_some(income_band))
        .put(&interests.join(";"))
        .put(provided_at)
        .put(noise::nightly_arrival(draw, provided_at))
        .end();
}
