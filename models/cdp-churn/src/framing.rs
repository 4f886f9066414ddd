//! What churn is: to stay away, or to end a contract.

use serde::{Deserialize, Serialize};

use crate::config::ChurnFault;

/// The event that an untold definition waits for.
const ORDER: &str = "order";

/// What churn is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChurnKind {
    /// No target event in the horizon.
    #[default]
    NonContractual,
    /// A subscription that runs at the cut-off is cancelled or lapses in the horizon.
    Contractual,
}

impl ChurnKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::NonContractual, Self::Contractual];

    /// The name as it stands in `cdp.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NonContractual => "non_contractual",
            Self::Contractual => "contractual",
        }
    }
}

/// What churn is, and of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framing {
    /// What churn is.
    pub kind: ChurnKind,
    /// The events that somebody who has not churned leaves behind; under a contract it says nothing.
    pub target: Vec<String>,
    /// A subscription that was neither begun nor renewed for so many days has lapsed; 0 = none does.
    pub lapse_days: i32,
}

impl Framing {
    /// Whether it is orders alone that count.
    pub fn is_of_orders(&self) -> bool {
        self.kind == ChurnKind::NonContractual && self.target == [ORDER]
    }

    /// The events that an untold definition waits for.
    pub(crate) fn default_target() -> Vec<String> {
        vec![ORDER.to_owned()]
    }

    /// What is predicted: `no order`.
    pub fn churn_words(&self) -> String {
        match self.kind {
            ChurnKind::Contractual => "a cancelled or lapsed subscription".to_owned(),
            ChurnKind::NonContractual => format!("no {}", self.target_words("and no")),
        }
    }

    /// What somebody who has not churned leaves behind: `orders`.
    pub fn event_words(&self) -> String {
        match self.kind {
            ChurnKind::Contractual => "subscriptions begun or renewed".to_owned(),
            ChurnKind::NonContractual if self.is_of_orders() => "orders".to_owned(),
            ChurnKind::NonContractual => self.target_words("or"),
        }
    }

    fn target_words(&self, and: &str) -> String {
        let events: Vec<String> = self
            .target
            .iter()
            .map(|event| event.replace('_', " "))
            .collect();
        events.join(&format!(" {and} "))
    }

    pub(crate) fn check(
        kind: &str,
        target: &[String],
        lapse_days: i32,
        faults: &mut Vec<ChurnFault>,
    ) -> Self {
        let mut fault = |key, found: String, expected: String| {
            faults.push(ChurnFault::new(key, found, expected));
        };
        let found = ChurnKind::ALL.into_iter().find(|one| one.as_str() == kind);
        if found.is_none() {
            let expected = format!(
                "one of {}",
                ChurnKind::ALL.map(ChurnKind::as_str).join(", ")
            );
            fault("churn.kind", format!("\"{kind}\""), expected);
        }
        let kind = found.unwrap_or_default();
        let is_event = |word: &String| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        };
        if target.is_empty() || !target.iter().all(is_event) {
            let expected =
                "one or more event types of staging.target_events, such as [\"order\"]".to_owned();
            fault("churn.target", format!("{target:?}"), expected);
        } else if kind == ChurnKind::Contractual && target != [ORDER] {
            let expected =
                "to be left out, since `churn.kind` is contractual: subscriptions count".to_owned();
            fault("churn.target", format!("{target:?}"), expected);
        }
        if kind == ChurnKind::NonContractual && lapse_days > 0 {
            let expected = "0, since only subscriptions lapse (`churn.kind = \"contractual\"`)";
            fault(
                "churn.lapse_days",
                lapse_days.to_string(),
                expected.to_owned(),
            );
        }
        Self {
            kind,
            target: target.to_vec(),
            lapse_days,
        }
    }
}
