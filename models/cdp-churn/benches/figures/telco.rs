//! IBM's Telco churn data: 7,043 customers of one quarter, cross-sectional.

use std::path::Path;

use cdp_churn::{FeatureColumn, FeatureTable};

/// Customers, and which of them left.
pub(crate) struct Telco {
    pub(crate) table: FeatureTable,
    pub(crate) churned: Vec<bool>,
}

/// Columns that hold numbers; all others but the first and the last hold levels.
const NUMBERS: [&str; 3] = ["tenure", "MonthlyCharges", "TotalCharges"];

impl Telco {
    /// The customers, from the folder of shared data. The average charge is added, as what a customer
    /// paid in all over the months as one, and what that is of the charge of today.
    pub(crate) fn read(shared: &Path) -> std::io::Result<Self> {
        let text = std::fs::read_to_string(shared.join("telco_ibm/Telco-Customer-Churn.csv"))?;
        let mut lines = text
            .lines()
            .map(|line| line.trim().split(',').collect::<Vec<_>>());
        let names: Vec<String> = lines
            .next()
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned)
            .collect();
        let rows: Vec<Vec<&str>> = lines.filter(|row| row.len() == names.len()).collect();
        let place = |name: &str| names.iter().position(|known| known == name);
        let cells = |name: &str| -> Vec<&str> {
            let at = place(name);
            rows.iter().map(|row| at.map_or("", |at| row[at])).collect()
        };
        let numbers = |name: &str| -> Vec<f64> {
            let cells = cells(name).into_iter();
            cells
                .map(|cell| cell.trim().parse().unwrap_or(f64::NAN))
                .collect()
        };
        let mut table = FeatureTable::new();
        let mut add = |name: &str, column: FeatureColumn| {
            table
                .insert(name.to_lowercase(), column)
                .expect("a sound column");
        };
        let features = names
            .iter()
            .filter(|name| !["customerID", "Churn"].contains(&name.as_str()));
        for name in features {
            if NUMBERS.contains(&name.as_str()) {
                add(name, FeatureColumn::Numeric(numbers(name)));
            } else {
                let levels = cells(name).into_iter().map(|cell| Some(cell.to_owned()));
                add(name, FeatureColumn::Categorical(levels.collect()));
            }
        }
        let [tenure, monthly, total] = NUMBERS.map(numbers);
        let mean: Vec<f64> = total
            .iter()
            .zip(&tenure)
            .map(|(total, months)| total / months)
            .collect();
        let rise = monthly.iter().zip(&mean).map(|(now, mean)| now / mean);
        add("charge_rise", FeatureColumn::Numeric(rise.collect()));
        add("charge_mean", FeatureColumn::Numeric(mean));
        let churned = cells("Churn")
            .into_iter()
            .map(|cell| cell == "Yes")
            .collect();
        Ok(Self { table, churned })
    }
}
