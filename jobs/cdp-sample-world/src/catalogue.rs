//! The products of the shop and how their prices move.

use crate::draw::{Draw, Topic};
use crate::names::{BRANDS, CATEGORIES, MAKES};
use crate::sheet::{Cell, Sheet};
use crate::time::{HOUR, MINUTE, Time};

const PRODUCTS_PER_CATEGORY: usize = 15;

/// The first versions are this much older than the first day.
const LEAD_DAYS: f64 = 30.0;

/// A product as it is from some moment on.
struct Version {
    at: Time,
    cents: i64,
    is_available: bool,
}

pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) path: String,
    name: String,
    brand: &'static str,
    category: usize,
    versions: Vec<Version>,
}

impl Product {
    fn at(&self, time: Time) -> &Version {
        let later = self.versions.partition_point(|version| version.at <= time);
        &self.versions[later.saturating_sub(1)]
    }

    pub(crate) fn cents_at(&self, time: Time) -> i64 {
        self.at(time).cents
    }
}

/// Everything the shop sells.
pub(crate) struct Catalogue {
    pub(crate) products: Vec<Product>,
}

impl Catalogue {
    /// Versions are drawn from before `start` up to `end`.
    pub(crate) fn new(seed: u64, start: Time, end: Time) -> Self {
        let mut products = Vec::new();
        for (category, about) in CATEGORIES.iter().enumerate() {
            for place in 0..PRODUCTS_PER_CATEGORY {
                let number = products.len() + 1;
                let mut draw = Draw::new(
                    seed,
                    u32::try_from(number).unwrap_or(u32::MAX),
                    Topic::Catalogue,
                );
                let make = MAKES[place / about.goods.len()];
                let good = about.goods[place % about.goods.len()];
                let price = about.price * [0.7, 1.0, 1.6][place / about.goods.len()];
                products.push(Product {
                    id: format!("p{number:03}"),
                    path: format!("/products/p{number:03}"),
                    name: format!("{make} {good}"),
                    brand: draw.pick(&BRANDS),
                    category,
                    versions: draw_versions(&mut draw, price, start.after_days(-LEAD_DAYS), end),
                });
            }
        }
        Self { products }
    }

    /// A product somebody looks at: mostly of a favourite category, and rather a popular one.
    pub(crate) fn choose(draw: &mut Draw, favourites: [usize; 2]) -> usize {
        let category = if draw.chance(0.75) {
            draw.pick(&favourites)
        } else {
            draw.index(CATEGORIES.len())
        };
        let first = draw.index(PRODUCTS_PER_CATEGORY);
        let second = draw.index(PRODUCTS_PER_CATEGORY);
        category * PRODUCTS_PER_CATEGORY + first.min(second)
    }

    /// A product somebody buys at `time`: one to be had, and the cheaper of two if price matters.
    pub(crate) fn choose_to_buy(
        &self,
        draw: &mut Draw,
        favourites: [usize; 2],
        price_sensitivity: f64,
        time: Time,
    ) -> usize {
        let available = |draw: &mut Draw| {
            let mut product = Self::choose(draw, favourites);
            while !self.products[product].at(time).is_available {
                product = Self::choose(draw, favourites);
            }
            product
        };
        let product = available(draw);
        if !draw.chance(price_sensitivity) {
            return product;
        }
        let other = available(draw);
        if self.products[other].cents_at(time) < self.products[product].cents_at(time) {
            other
        } else {
            product
        }
    }

    pub(crate) fn write(&self, sheet: &mut Sheet) {
        for product in &self.products {
            for version in &product.versions {
                sheet
                    .row()
                    .put(&product.id)
                    .put(&product.name)
                    .put(CATEGORIES[product.category].name)
                    .put(product.brand)
                    .put(Cell::Cents(version.cents))
                    .put(version.is_available)
                    .put(version.at)
                    .put(version.at + 10 * MINUTE)
                    .end();
            }
        }
    }
}

fn draw_versions(draw: &mut Draw, price: f64, from: Time, end: Time) -> Vec<Version> {
    let mut cents = as_price(draw.log_normal(price, 0.3));
    let mut is_available = true;
    let mut versions = Vec::new();
    let mut at = from.start_of_day() + 3 * HOUR;
    while at < end {
        versions.push(Version {
            at,
            cents,
            is_available,
        });
        let wait_days = if is_available { 110.0 } else { 12.0 };
        at = at
            .after_days(1.0 + draw.exponential(wait_days))
            .start_of_day()
            + 3 * HOUR;
        if is_available && draw.chance(0.12) {
            is_available = false;
        } else {
            is_available = true;
            cents = as_price(draw.log_normal(cents as f64, 0.1));
        }
    }
    versions
}

/// The nearest amount from 4.99 up that ends in 9.
fn as_price(cents: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a price of some thousand cents, rounded down"
    )]
    let tens = (cents / 10.0) as i64;
    (tens * 10 + 9).max(499)
}
