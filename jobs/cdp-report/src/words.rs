//! Numbers and settings as people say them.

use cdp_churn::{Calibration, ChurnKind, Interval, ModelSettings};
use cdp_plan::AsOfDate;

/// `1234567` as `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 customer`, `2 customers`.
pub fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

/// A count that is held as a number of the machine's size.
pub(crate) fn rows(number: usize) -> String {
    count(number as u64)
}

/// `0.4321` as `43.2 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A figure with three digits behind the point.
pub(crate) fn number(value: f64) -> String {
    format!("{value:.3}").replace('-', "−")
}

/// A figure that may be above or below 0, with its sign.
pub(crate) fn signed(value: f64, digits: usize) -> String {
    format!("{value:+.digits$}").replace('-', "−")
}

/// Three digits that say something.
pub(crate) fn significant(value: f64) -> String {
    let digits = if value >= 100.0 {
        0
    } else if value >= 1.0 {
        1
    } else {
        4
    };
    format!("{value:.digits$}")
}

/// The same, or a dash where there is none.
pub(crate) fn maybe(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), number)
}

/// `0.741 to 0.803`.
pub(crate) fn between(interval: &Interval) -> String {
    format!("{} to {}", number(interval.low), number(interval.high))
}

/// A day since 1970-01-01 as a date.
pub(crate) fn day(epoch_day: i32) -> String {
    AsOfDate::from_epoch_day(epoch_day).map_or_else(String::new, |date| date.to_string())
}

/// Days, oldest first.
pub(crate) fn days(epoch_days: &[i32]) -> String {
    let days = epoch_days.iter().map(|epoch_day| day(*epoch_day));
    days.collect::<Vec<_>>().join(", ")
}

/// What a model calls churn: `no order in 90 days`.
pub fn definition(settings: &ModelSettings) -> String {
    let churn = settings.framing.churn_words();
    let horizon = counted(settings.horizon_days.unsigned_abs().into(), "day");
    match settings.gap_days {
        0 => format!("{churn} in {horizon}"),
        gap => {
            let gap = counted(gap.unsigned_abs().into(), "day");
            format!("{churn} from {gap} on, in {horizon}")
        }
    }
}

/// Of whom it tells that: `customers with at least 1 order and one in the 365 days before`.
pub fn population(settings: &ModelSettings) -> String {
    if settings.framing.kind == ChurnKind::Contractual {
        return "customers with a subscription that runs".to_owned();
    }
    let event = if settings.framing.is_of_orders() {
        "order"
    } else {
        "such event"
    };
    let events = counted(settings.orders_min.into(), event);
    let within = match settings.eligible_within_days {
        0 => String::new(),
        days => format!(
            " and one in the {} before",
            counted(days.unsigned_abs().into(), "day")
        ),
    };
    format!("customers with at least {events}{within}")
}

/// What is done to the scores of the fit.
pub fn calibrated(calibration: &Calibration) -> String {
    match calibration {
        Calibration::None => "scores as fitted".to_owned(),
        Calibration::Intercept { intercept } => {
            format!("scores calibrated by a level, {intercept:+.3}")
        }
        Calibration::Platt { slope, intercept } => {
            format!("scores calibrated by a line, slope {slope:.3}, intercept {intercept:+.3}")
        }
        Calibration::Isotonic { knots } => format!(
            "scores calibrated by a rising line through {}",
            counted(knots.len() as u64, "block")
        ),
    }
}
