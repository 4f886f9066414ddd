//! CDNOW, the public purchase log of 23,570 customers who first bought in the first quarter of 1997,
//! with the order features of the product.

use std::collections::BTreeMap;
use std::path::Path;

use cdp_churn::{BaselineColumns, FeatureColumn, FeatureTable, TrainingSet};

/// The features that tell of orders.
pub(crate) const COLUMNS: BaselineColumns<'static> = BaselineColumns {
    recency_days: "recency_days",
    tenure_days: "tenure_days",
    frequency: "frequency",
};

/// What a customer bought on a day.
#[derive(Default, Clone, Copy)]
struct OrderDay {
    orders: f64,
    items: f64,
    amount: f64,
    amount_max: f64,
}

/// Order days by customer, in days since 1970-01-01.
pub(crate) struct Purchases(BTreeMap<String, BTreeMap<i32, OrderDay>>);

/// Rows at one cut-off or more.
#[derive(Default)]
pub(crate) struct Rows {
    pub(crate) ids: Vec<String>,
    pub(crate) churned: Vec<bool>,
    pub(crate) cutoff_days: Vec<i32>,
    columns: BTreeMap<&'static str, Vec<f64>>,
}

/// Days since 1970-01-01 of a date of the years 1997 and 1998.
pub(crate) fn day_of(year: i32, month: i32, day: i32) -> i32 {
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let months = usize::try_from(month - 1).map_or(0, |month| before[month]);
    9862 + (year - 1997) * 365 + months + day - 1
}

impl Purchases {
    /// The whole cohort, from the folder of shared data.
    pub(crate) fn read(shared: &Path) -> std::io::Result<Self> {
        let text = std::fs::read_to_string(shared.join("cdnow/CDNOW_master.txt"))?;
        let mut purchases = BTreeMap::<String, BTreeMap<i32, OrderDay>>::new();
        for line in text.lines() {
            let [customer, date, items, amount] = line.split_whitespace().collect::<Vec<_>>()[..]
            else {
                continue;
            };
            // The first line names the columns.
            let (Ok(date), Ok(items), Ok(amount)) = (
                date.parse::<i32>(),
                items.parse::<f64>(),
                amount.parse::<f64>(),
            ) else {
                continue;
            };
            let day = day_of(date / 10_000, date / 100 % 100, date % 100);
            let days = purchases.entry(customer.to_owned()).or_default();
            let of_day = days.entry(day).or_default();
            of_day.orders += 1.0;
            of_day.items += items;
            of_day.amount += amount;
            of_day.amount_max = of_day.amount_max.max(amount);
        }
        Ok(Self(purchases))
    }

    /// Everybody who had bought before a cut-off, and whether they bought nothing in the `horizon`
    /// days from it.
    pub(crate) fn at(&self, cutoff: i32, horizon: i32, rows: &mut Rows) {
        for (id, days) in &self.0 {
            let known: Vec<(i32, OrderDay)> = days.range(..cutoff).map(|(d, o)| (*d, *o)).collect();
            if known.is_empty() {
                continue;
            }
            for (name, value) in features(cutoff, &known) {
                rows.columns.entry(name).or_default().push(value);
            }
            let churned = days.range(cutoff..cutoff + horizon).next().is_none();
            rows.churned.push(churned);
            rows.ids.push(id.clone());
            rows.cutoff_days.push(cutoff);
        }
    }
}

impl Rows {
    /// The features of the rows.
    pub(crate) fn table(&self) -> FeatureTable {
        let columns = self.columns.iter();
        let columns = columns
            .map(|(name, values)| ((*name).to_owned(), FeatureColumn::Numeric(values.clone())));
        FeatureTable::from_columns(columns).expect("sound columns")
    }

    /// The rows as a training set.
    pub(crate) fn set(&self) -> TrainingSet {
        TrainingSet::new(&self.table(), &self.churned, &self.ids, &self.cutoff_days)
            .expect("each customer once at a cut-off")
    }
}

/// The order features of the product, under their names, by the order days before a cut-off.
fn features(cutoff: i32, known: &[(i32, OrderDay)]) -> Vec<(&'static str, f64)> {
    let ago = |day: i32| f64::from(cutoff - day);
    let sum = |within: f64, value: fn(&OrderDay) -> f64| -> f64 {
        let recent = known.iter().filter(|(day, _)| ago(*day) <= within);
        recent.map(|(_, of_day)| value(of_day)).sum()
    };
    let orders = |within: f64| sum(within, |of_day| of_day.orders);
    let amount = |within: f64| sum(within, |of_day| of_day.amount);
    let gaps = known
        .windows(2)
        .map(|pair| f64::from(pair[1].0 - pair[0].0));
    let gaps: Vec<f64> = gaps.collect();
    let count = gaps.len() as f64;
    let gap_sum: f64 = gaps.iter().sum();
    let gap_mean = gap_sum / count;
    let squares: f64 = gaps.iter().map(|gap| (gap - gap_mean).powi(2)).sum();
    let gap_max = gaps.iter().copied().reduce(f64::max).unwrap_or(f64::NAN);
    let (first, last) = (ago(known[0].0), ago(known[known.len() - 1].0));
    let months = known.iter().map(|(day, _)| month_of(*day));
    let months: std::collections::BTreeSet<i32> = months.collect();
    let all = f64::INFINITY;
    let ratio = |a: f64, b: f64| if b > 0.0 { a / b } else { f64::NAN };
    vec![
        ("recency_days", last),
        ("tenure_days", first),
        ("frequency", count),
        ("order_count", orders(all)),
        ("order_count_30d", orders(30.0)),
        ("order_count_90d", orders(90.0)),
        ("order_count_180d", orders(180.0)),
        ("order_count_365d", orders(365.0)),
        ("order_amount", amount(all)),
        ("order_amount_90d", amount(90.0)),
        ("order_amount_365d", amount(365.0)),
        (
            "order_amount_max",
            known
                .iter()
                .map(|(_, of_day)| of_day.amount_max)
                .fold(0.0, f64::max),
        ),
        ("order_amount_mean", amount(all) / orders(all)),
        (
            "item_count_mean",
            sum(all, |of_day| of_day.items) / orders(all),
        ),
        ("active_month_count", months.len() as f64),
        ("gap_days_mean", ratio(gap_sum, count)),
        (
            "gap_days_sd",
            if count > 1.0 {
                (squares / (count - 1.0)).sqrt()
            } else {
                f64::NAN
            },
        ),
        ("gap_days_max", gap_max),
        ("hiatus_ratio", ratio(last, gap_mean)),
        ("hiatus_ratio_max", ratio(last, gap_max)),
        ("recency_share", last / first),
        ("order_days_per_year", known.len() as f64 * 365.0 / first),
        (
            "order_trend_30d_90d",
            ratio(orders(30.0) * 3.0, orders(90.0)),
        ),
        (
            "order_trend_90d_365d",
            ratio(orders(90.0) * 4.0, orders(365.0)),
        ),
    ]
}

/// The calendar month of a day of 1997 or 1998, counted from the first.
fn month_of(day: i32) -> i32 {
    let months = (0..24).filter(|month| day_of(1997 + month / 12, month % 12 + 1, 1) <= day);
    months.max().unwrap_or(0)
}
