//! The timeline of a person: purchases, and visits that end without one.

use crate::draw::{Draw, Topic};
use crate::person::{Channel, Person};
use crate::time::Time;
use crate::world::World;

/// Some pieces of one product in a purchase.
pub(crate) struct Line {
    pub(crate) product: usize,
    pub(crate) quantity: i64,
    pub(crate) unit_cents: i64,
}

pub(crate) struct Purchase {
    pub(crate) at: Time,
    /// Counted from 0.
    pub(crate) number: u32,
    pub(crate) channel: Channel,
    /// Whether the person is logged in.
    pub(crate) as_user: bool,
    pub(crate) lines: Vec<Line>,
}

/// A visit to the web shop or the app.
pub(crate) struct Visit {
    pub(crate) at: Time,
    pub(crate) in_app: bool,
    /// The place in [`Life::purchases`] of the purchase that ends it.
    pub(crate) purchase: Option<usize>,
}

pub(crate) struct Life {
    /// Oldest first.
    pub(crate) purchases: Vec<Purchase>,
    /// Oldest first.
    pub(crate) visits: Vec<Visit>,
    /// From when on the shop has an e-mail address: the account or the first purchase.
    pub(crate) known_at: Option<Time>,
}

impl Life {
    pub(crate) fn draw(world: &World, person: &Person) -> Self {
        let purchases = draw_purchases(world, person);
        let visits = draw_visits(world, person, &purchases);
        let account_at = person.identity.account.as_ref().map(|account| {
            // Accounts from before the first day are known from the first day on.
            account.opened_at.max(world.start)
        });
        let purchase_at = purchases.first().map(|purchase| purchase.at);
        let known_at = account_at.into_iter().chain(purchase_at).min();
        Self {
            purchases,
            visits,
            known_at: known_at.filter(|at| *at < world.end),
        }
    }
}

/// Moments of a Poisson process from `from` up to `until`.
fn poisson_times(draw: &mut Draw, per_day: f64, from: Time, until: Time) -> Vec<Time> {
    let mut times = Vec::new();
    if per_day <= 0.0 {
        return times;
    }
    let mut days = draw.exponential(1.0 / per_day);
    while from.after_days(days) < until {
        times.push(from.after_days(days));
        days += draw.exponential(1.0 / per_day);
    }
    times
}

/// The Poisson process that ends with the drop-out: nothing else decides when a person buys. It is
/// drawn from a stream of its own, and moves to waking hours change no day.
fn draw_purchases(world: &World, person: &Person) -> Vec<Purchase> {
    let mut draw = Draw::new(world.spec.seed, person.number, Topic::Purchases);
    let times = poisson_times(
        &mut draw,
        person.traits.purchases_per_day,
        person.joined_at,
        person.dropped_out_at.min(world.end),
    );
    let mut draw = Draw::new(world.spec.seed, person.number, Topic::Baskets);
    times
        .into_iter()
        .zip(0..)
        .map(|(at, number)| draw_purchase(&mut draw, world, person, at.in_waking_hours(), number))
        .collect()
}

fn draw_purchase(
    draw: &mut Draw,
    world: &World,
    person: &Person,
    at: Time,
    number: u32,
) -> Purchase {
    let traits = &person.traits;
    let preferred = if draw.chance(0.8) {
        traits.channel
    } else {
        draw.pick_weighted(&[
            (Channel::Web, 0.6),
            (Channel::App, 0.2),
            (Channel::Store, 0.2),
        ])
    };
    let channel = match preferred {
        Channel::App if !traits.has_app => Channel::Web,
        channel => channel,
    };
    let logs_in = draw.chance(match channel {
        Channel::Web => 0.85,
        Channel::App => 0.97,
        Channel::Store => 0.3,
    });
    let lines = (0..=draw.geometric(0.8).min(7))
        .map(|_| {
            let product = world.catalogue.choose_to_buy(
                draw,
                traits.favourites,
                traits.price_sensitivity,
                at,
            );
            let cents = world.catalogue.products[product].cents_at(at);
            let is_reduced = draw.chance(0.05 + 0.35 * traits.price_sensitivity);
            Line {
                product,
                quantity: draw.pick_weighted(&[(1, 0.8), (2, 0.15), (3, 0.05)]),
                unit_cents: if is_reduced { cents * 85 / 100 } else { cents },
            }
        })
        .collect();
    Purchase {
        at,
        number,
        channel,
        as_user: logs_in && person.identity.account_at(at).is_some(),
        lines,
    }
}

fn draw_visits(world: &World, person: &Person, purchases: &[Purchase]) -> Vec<Visit> {
    let traits = &person.traits;
    let mut draw = Draw::new(world.spec.seed, person.number, Topic::Visits);
    let app_share = match (traits.has_app, traits.channel) {
        (false, _) => 0.0,
        (true, Channel::App) => 0.75,
        (true, Channel::Web | Channel::Store) => 0.25,
    };
    let per_day = traits.visits_per_day * world.spec.activity;
    let mut times = poisson_times(&mut draw, per_day, person.joined_at, world.end);
    times.retain(|at| draw.chance(person.warmth(*at)));
    if person.joined_at > world.start && person.joined_at < world.end {
        times.insert(0, person.joined_at);
    }
    let mut visits: Vec<_> = times
        .into_iter()
        .map(|at| Visit {
            at: at.in_waking_hours(),
            in_app: draw.chance(app_share),
            purchase: None,
        })
        .collect();
    for (place, purchase) in purchases.iter().enumerate() {
        if purchase.channel != Channel::Store {
            visits.push(Visit {
                at: purchase.at,
                in_app: purchase.channel == Channel::App,
                purchase: Some(place),
            });
        }
    }
    visits.sort_by_key(|visit| visit.at);
    visits
}
