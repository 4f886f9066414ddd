//! Visits to the web shop and the app, event by event.

use crate::catalogue::Catalogue;
use crate::draw::{Draw, Id, IdKind, Topic};
use crate::life::{Purchase, Visit};
use crate::names::CATEGORIES;
use crate::noise::{self, ID_PLACEHOLDERS, REPEAT_CHANCE};
use crate::scene::{Kind, Scene};
use crate::sheet::{Cell, Sheet};
use crate::time::{HOUR, MINUTE};
use crate::world::World;

/// Events of a visit after the first, on average.
const FURTHER_EVENTS: f64 = 3.4;
const MOST_EVENTS: usize = 60;

/// One thing done in a visit.
#[derive(Clone, Copy)]
enum Step {
    Open,
    Browse(usize),
    Search(usize),
    View(usize),
    AddToCart(usize),
    Checkout,
    Login,
    Signup,
}

/// What the events of a visit have in common.
struct Session<'a> {
    in_app: bool,
    /// The cookie or the device.
    source: Cell<'a>,
    /// The user id before the person is logged in: none, or a placeholder.
    stranger: Cell<'a>,
    user_id: Option<&'a str>,
    /// The step from which on the user id is known.
    known_from: usize,
    cart: Option<Id>,
}

/// How far the numbering of a person's events has come.
#[derive(Default)]
struct Progress {
    visits: u32,
    web_events: u32,
    app_events: u32,
    has_signed_up: bool,
}

pub(crate) fn write(scene: &mut Scene<'_>) {
    let mut draw = scene.draw(Topic::Behaviour);
    let mut steps = Vec::new();
    let account = scene.person.identity.account.as_ref();
    let mut progress = Progress {
        has_signed_up: account.is_some_and(|account| account.opened_at < scene.world.start),
        ..Progress::default()
    };
    let life = scene.life;
    for visit in &life.visits {
        let purchase = visit.purchase.map(|place| &life.purchases[place]);
        steps.clear();
        steps.push(Step::Open);
        let cart = match purchase {
            Some(purchase) => {
                plan_purchase(&mut draw, scene, purchase, &mut steps);
                Some(scene.id(IdKind::OrderCart, purchase.number))
            }
            None => plan_browsing(&mut draw, scene, &mut steps)
                .then(|| scene.id(IdKind::BrowsingCart, progress.visits)),
        };
        let mut session = start_session(&mut draw, scene, visit, cart);
        log_in(
            &mut draw,
            scene,
            visit,
            &mut session,
            &mut steps,
            &mut progress,
        );
        write_visit(&mut draw, scene, visit, &session, &steps, &mut progress);
        progress.visits += 1;
    }
}

fn plan_purchase(draw: &mut Draw, scene: &Scene<'_>, purchase: &Purchase, steps: &mut Vec<Step>) {
    for _ in 0..draw.geometric(2.0).min(MOST_EVENTS) {
        steps.push(wander(draw, scene));
    }
    for line in &purchase.lines {
        steps.push(Step::View(line.product));
        steps.push(Step::AddToCart(line.product));
    }
    steps.push(Step::Checkout);
}

/// Plans a visit without a purchase, and tells whether something was left in the cart.
fn plan_browsing(draw: &mut Draw, scene: &Scene<'_>, steps: &mut Vec<Step>) -> bool {
    let buys = scene.person.traits.purchases_per_day > 0.0;
    let fills_cart = draw.chance(if buys { 0.13 } else { 0.05 });
    for _ in 0..draw.geometric(FURTHER_EVENTS).min(MOST_EVENTS) {
        steps.push(wander(draw, scene));
    }
    if fills_cart {
        for _ in 0..=draw.geometric(0.5).min(4) {
            let product = Catalogue::choose(draw, scene.person.traits.favourites);
            steps.push(Step::View(product));
            steps.push(Step::AddToCart(product));
        }
        if draw.chance(0.3) {
            steps.push(Step::Checkout);
        }
    }
    fills_cart
}

fn wander(draw: &mut Draw, scene: &Scene<'_>) -> Step {
    let favourites = scene.person.traits.favourites;
    let place = draw.unit();
    if place < 0.55 {
        Step::View(Catalogue::choose(draw, favourites))
    } else if place < 0.85 {
        Step::Browse(draw.pick(&favourites))
    } else {
        Step::Search(draw.index(CATEGORIES.len()))
    }
}

fn start_session<'a>(
    draw: &mut Draw,
    scene: &mut Scene<'a>,
    visit: &Visit,
    cart: Option<Id>,
) -> Session<'a> {
    let identity = &scene.person.identity;
    let (kind, id) = if visit.in_app {
        (Kind::DeviceId, identity.device(draw, scene.world))
    } else {
        (
            Kind::AnonymousId,
            identity.cookie(draw, scene.world, visit.at),
        )
    };
    let place = draw.unit();
    let source = if place < 0.008 {
        Cell::Text(draw.pick(&ID_PLACEHOLDERS))
    } else if place < 0.012 {
        Cell::Empty
    } else {
        scene.seen.id(kind, id);
        Cell::Id(id)
    };
    let stranger = if draw.chance(0.015) {
        Cell::Text(draw.pick(&ID_PLACEHOLDERS))
    } else {
        Cell::Empty
    };
    Session {
        in_app: visit.in_app,
        source,
        stranger,
        user_id: None,
        known_from: usize::MAX,
        cart,
    }
}

/// Decides whether and when in the visit the person becomes known. A signup happens in the first
/// visit to the web shop after the account was opened; the app only knows logins.
fn log_in<'a>(
    draw: &mut Draw,
    scene: &mut Scene<'a>,
    visit: &Visit,
    session: &mut Session<'a>,
    steps: &mut Vec<Step>,
    progress: &mut Progress,
) {
    let Some(account) = scene.person.identity.account_at(visit.at) else {
        return;
    };
    let buys_as_user = visit
        .purchase
        .map(|place| scene.life.purchases[place].as_user);
    let signs_up = !progress.has_signed_up && !visit.in_app && buys_as_user != Some(false);
    let wants = buys_as_user.unwrap_or_else(|| draw.chance(if visit.in_app { 0.9 } else { 0.5 }));
    if !(wants || signs_up) {
        return;
    }
    let is_remembered = !signs_up && draw.chance(0.5);
    session.user_id = Some(&account.user_id);
    scene.seen.text(Kind::UserId, &account.user_id);
    progress.has_signed_up = true;
    if is_remembered {
        session.known_from = 0;
        return;
    }
    // A checkout comes last, and after the login.
    session.known_from = 1 + draw.index(steps.len());
    if session.known_from == steps.len() && visit.purchase.is_some() {
        session.known_from -= 1;
    }
    let step = if signs_up { Step::Signup } else { Step::Login };
    steps.insert(session.known_from, step);
}

fn write_visit(
    draw: &mut Draw,
    scene: &mut Scene<'_>,
    visit: &Visit,
    session: &Session<'_>,
    steps: &[Step],
    progress: &mut Progress,
) {
    let late = noise::lateness(draw, if visit.in_app { 0.05 } else { 0.015 });
    let pace = draw.between(8, 80);
    // A visit with a purchase ends when the order is placed; others begin at their moment.
    let mut at = visit.at;
    if visit.purchase.is_some() {
        at = at + -pace * i64::try_from(steps.len()).unwrap_or(0);
    }
    for (place, step) in steps.iter().enumerate() {
        let occurred_at = at + draw.between(0, pace);
        let occurred_at = occurred_at.clamp(scene.world.start, scene.world.end + -1);
        at = at + pace;
        let (sheet, id) = if session.in_app {
            progress.app_events += 1;
            let id = scene.id(IdKind::AppEvent, progress.app_events);
            (&mut scene.sheets.app_events, id)
        } else {
            progress.web_events += 1;
            let id = scene.id(IdKind::WebEvent, progress.web_events);
            (&mut scene.sheets.web_events, id)
        };
        let user = match session.user_id {
            Some(user_id) if place >= session.known_from => user_id.into(),
            _ => session.stranger,
        };
        let [event_type, place_seen, product, cart] = cells(scene.world, session, *step);
        let ingested_at = occurred_at + (late + draw.between(2, 90));
        let write = |sheet: &mut Sheet, ingested_at| {
            sheet
                .row()
                .put(id)
                .put(session.source)
                .put(user)
                .put(event_type)
                .put(place_seen)
                .put(product)
                .put(cart)
                .put(occurred_at)
                .put(ingested_at)
                .end();
        };
        write(sheet, ingested_at);
        if draw.chance(REPEAT_CHANCE) {
            write(sheet, ingested_at + draw.between(MINUTE, 20 * HOUR));
        }
    }
}

/// Event type, page or screen, product and cart.
fn cells<'a>(world: &'a World, session: &Session<'_>, step: Step) -> [Cell<'a>; 4] {
    let none = Cell::Empty;
    let product = |place: usize| &world.catalogue.products[place];
    let cart = session.cart.into();
    let [view, add] = ["product_view", "add_to_cart"].map(Cell::Text);
    if session.in_app {
        let screen = Cell::Text("screen_view");
        return match step {
            Step::Open => ["app_open".into(), "home".into(), none, none],
            Step::Browse(_) => [screen, "category".into(), none, none],
            Step::Search(_) => [screen, "search".into(), none, none],
            Step::View(place) => [view, "product".into(), (&product(place).id).into(), none],
            Step::AddToCart(place) => [add, "product".into(), (&product(place).id).into(), cart],
            Step::Checkout => [screen, "checkout".into(), none, cart],
            Step::Login | Step::Signup => ["login".into(), "account".into(), none, none],
        };
    }
    let page = Cell::Text("page_view");
    match step {
        Step::Open => [page, "/".into(), none, none],
        Step::Browse(place) => [page, CATEGORIES[place].path.into(), none, none],
        Step::Search(place) => [
            "search".into(),
            CATEGORIES[place].search_path.into(),
            none,
            none,
        ],
        Step::View(place) => {
            let product = product(place);
            [view, (&product.path).into(), (&product.id).into(), none]
        }
        Step::AddToCart(place) => {
            let product = product(place);
            [add, (&product.path).into(), (&product.id).into(), cart]
        }
        Step::Checkout => ["checkout_started".into(), "/checkout".into(), none, cart],
        Step::Login => ["login".into(), "/login".into(), none, none],
        Step::Signup => ["signup".into(), "/signup".into(), none, none],
    }
}
