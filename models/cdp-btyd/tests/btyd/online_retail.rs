//! UCI Online Retail: too short a history to see a wholesaler's customers leave.

use std::fs;

use cdp_btyd::{
    BetaGeometricNbd, Degeneracy, FitError, History, Leaving, Nbd, Order, ParetoNbd, Population,
    TimeUnit, summarise,
};

use crate::or_say_why_not;
use crate::public_data::shared;

/// Invoices that are no cancellations, of customers with a number, of before 2011-09-10.
fn invoices() -> Result<Vec<Order<String>>, String> {
    let folder = shared().join("online_retail/by-day");
    let files =
        fs::read_dir(&folder).map_err(|error| format!("skipped, {}: {error}", folder.display()))?;
    let mut orders = Vec::new();
    for file in files.flatten() {
        let mut reader = csv::Reader::from_path(file.path()).expect("a file");
        for row in reader.records() {
            let row = row.expect("a row");
            let amount = |column: usize| row[column].parse::<f64>().expect("a number");
            let amount = amount(3) * amount(5);
            let day = row[4].replace('-', "")[..8].parse().expect("a date");
            if !row[6].is_empty() && !row[0].starts_with('C') && amount > 0.0 && day < 20_110_910 {
                let day = day_of(day);
                let customer = row[6].to_owned();
                orders.push(Order {
                    customer,
                    day,
                    amount,
                });
            }
        }
    }
    Ok(orders)
}

/// A count of days that only differences are taken of, for dates as YYYYMMDD from December 2010
/// to September 2011.
fn day_of(date: i32) -> i32 {
    let before = [31, 62, 90, 121, 151, 182, 212, 243, 274];
    let month = usize::try_from(date / 100 % 100).expect("a month");
    let months = if date < 20_110_000 {
        0
    } else {
        before[month - 1]
    };
    months + date % 100
}

#[test]
fn a_history_too_short_to_see_anybody_leave_is_named() {
    let Some(orders) = or_say_why_not(invoices()) else {
        return;
    };
    let summaries = summarise(orders, day_of(20_110_910), TimeUnit::Days).expect("sound orders");
    let histories: Vec<History> = summaries.values().map(|summary| summary.history).collect();
    let population = Population::new(histories).expect("enough customers");
    assert_eq!(population.customers(), 3_370);
    let fits = [
        BetaGeometricNbd::fit(Leaving::AtRepeats, &population).map(|_| ()),
        BetaGeometricNbd::fit(Leaving::AtAnyOrder, &population).map(|_| ()),
        ParetoNbd::fit(&population).map(|_| ()),
    ];
    for fit in fits {
        let Err(FitError::Degenerate { degeneracy, .. }) = fit else {
            panic!("expected a degenerate fit: {fit:?}");
        };
        assert_eq!(degeneracy, Degeneracy::NobodyLeaves);
    }
    let plain = Nbd::fit(&population).expect("a fit").report;
    assert!(plain.gradient <= 1e-8, "{plain}");
}
