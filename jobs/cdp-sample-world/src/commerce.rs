//! Orders, returns and their lines.

use crate::draw::{Draw, Id, IdKind, Topic};
use crate::life::{Line, Purchase};
use crate::noise::{self, EMAIL_PLACEHOLDERS, ID_PLACEHOLDERS};
use crate::person::Channel;
use crate::scene::{Kind, Scene};
use crate::sheet::Cell;
use crate::time::Time;

/// What an order says about its buyer, as it says it.
#[derive(Default)]
struct Buyer {
    user_id: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

/// The head of an order or a return.
struct Head<'a> {
    id: Id,
    original: Option<Id>,
    cart: Option<Id>,
    channel: Channel,
    buyer: &'a Buyer,
    at: Time,
    ingested_at: Time,
}

pub(crate) fn write(scene: &mut Scene<'_>) {
    let mut draw = scene.draw(Topic::Orders);
    let life = scene.life;
    for purchase in &life.purchases {
        let buyer = match purchase.channel {
            Channel::Store => store_buyer(&mut draw, scene, purchase),
            Channel::Web | Channel::App => online_buyer(&mut draw, scene, purchase),
        };
        let ingested_at = match purchase.channel {
            Channel::Store => noise::nightly_arrival(&mut draw, purchase.at),
            Channel::Web | Channel::App => noise::arrival(&mut draw, purchase.at, 0.008),
        };
        let is_online = purchase.channel != Channel::Store;
        let head = Head {
            id: scene.id(IdKind::Order, purchase.number),
            original: None,
            cart: is_online.then(|| scene.id(IdKind::OrderCart, purchase.number)),
            channel: purchase.channel,
            buyer: &buyer,
            at: purchase.at,
            ingested_at,
        };
        write_order(scene, &head, &purchase.lines);
        if draw.chance(0.03 + 0.15 * scene.person.traits.unhappiness) {
            write_return(&mut draw, scene, purchase, &head);
        }
    }
}

/// Some or all of the lines come back, days later.
fn write_return(draw: &mut Draw, scene: &mut Scene<'_>, purchase: &Purchase, sale: &Head<'_>) {
    let kept = draw.index(purchase.lines.len());
    let lines: Vec<_> = purchase.lines[kept..]
        .iter()
        .map(|line| Line {
            quantity: -line.quantity,
            ..*line
        })
        .collect();
    let days = 2.0 + draw.exponential(6.0);
    let at = purchase.at.after_days(days).in_waking_hours();
    if !scene.is_in_world(at) {
        return;
    }
    let head = Head {
        id: scene.id(IdKind::Return, purchase.number),
        original: Some(sale.id),
        cart: None,
        channel: sale.channel,
        buyer: sale.buyer,
        at,
        ingested_at: noise::nightly_arrival(draw, at),
    };
    write_order(scene, &head, &lines);
}

fn write_order(scene: &mut Scene<'_>, head: &Head<'_>, lines: &[Line]) {
    let is_return = head.original.is_some();
    let total = lines.iter().map(|line| line.quantity * line.unit_cents);
    scene
        .sheets
        .orders
        .row()
        .put(head.id)
        .put(if is_return { "return" } else { "sale" })
        .put(head.original)
        .put(head.buyer.user_id.as_deref())
        .put(head.buyer.email.as_deref())
        .put(head.buyer.phone.as_deref())
        .put(head.cart)
        .put(head.channel.name())
        .put(Cell::Cents(total.sum()))
        .put("EUR")
        .put(head.at)
        .put(head.ingested_at)
        .end();
    for (line, number) in lines.iter().zip(1_i64..) {
        let product = &scene.world.catalogue.products[line.product];
        scene
            .sheets
            .order_lines
            .row()
            .put(head.id)
            .put(number)
            .put(&product.id)
            .put(line.quantity)
            .put(Cell::Cents(line.unit_cents))
            .put(head.at)
            .put(head.ingested_at)
            .end();
    }
}

fn online_buyer(draw: &mut Draw, scene: &mut Scene<'_>, purchase: &Purchase) -> Buyer {
    if purchase.as_user {
        return Buyer {
            user_id: user_id(scene),
            email: draw.chance(0.6).then(|| give_email(draw, scene)),
            phone: draw.chance(0.15).then(|| give_phone(draw, scene)).flatten(),
        };
    }
    let is_placeholder = draw.chance(0.04);
    Buyer {
        user_id: is_placeholder.then(|| draw.pick(&ID_PLACEHOLDERS).to_owned()),
        email: Some(give_email(draw, scene)),
        phone: draw.chance(0.3).then(|| give_phone(draw, scene)).flatten(),
    }
}

/// In the store a clerk asks for an address or a number, and now and then types anything.
fn store_buyer(draw: &mut Draw, scene: &mut Scene<'_>, purchase: &Purchase) -> Buyer {
    if purchase.as_user {
        return Buyer {
            user_id: user_id(scene),
            ..Buyer::default()
        };
    }
    if draw.chance(0.015) {
        return Buyer {
            email: Some(draw.pick(&EMAIL_PLACEHOLDERS).to_owned()),
            phone: draw.chance(0.5).then(|| "0".to_owned()),
            ..Buyer::default()
        };
    }
    let phone = draw.chance(0.4).then(|| give_phone(draw, scene)).flatten();
    let gives_email = phone.is_none() || draw.chance(0.2);
    Buyer {
        user_id: None,
        email: gives_email.then(|| give_email(draw, scene)),
        phone,
    }
}

fn user_id(scene: &mut Scene<'_>) -> Option<String> {
    let account = scene.person.identity.account.as_ref()?;
    scene.seen.text(Kind::UserId, &account.user_id);
    Some(account.user_id.clone())
}

/// An address as the person types it.
pub(crate) fn give_email(draw: &mut Draw, scene: &mut Scene<'_>) -> String {
    let email = scene.person.identity.email(draw);
    if draw.chance(0.008) {
        let mistyped = noise::mistyped_email(email);
        scene.seen.text(Kind::Email, &mistyped);
        return mistyped;
    }
    scene.seen.text(Kind::Email, email);
    noise::typed_email(draw, email)
}

/// A phone number as the person types it.
pub(crate) fn give_phone(draw: &mut Draw, scene: &mut Scene<'_>) -> Option<String> {
    let phone = scene.person.identity.phone.as_deref()?;
    scene.seen.text(Kind::Phone, phone);
    Some(noise::typed_phone(draw, phone))
}
