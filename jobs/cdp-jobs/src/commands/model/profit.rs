//! `model profit`: what it would have brought to act on a model.

use std::fmt::Write;

use cdp_churn::metrics::Economics;
use cdp_plan::Fault;
use cdp_runner::{ModelProfit, ModelRow, Project};

use super::{aliases, named, percent, which};
use crate::cli::ModelProfitArgs;
use crate::commands::Context;
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::output::{Table, counted, print_json, print_text};

pub(super) async fn profit(
    context: &Context,
    project: &Project,
    models: &[ModelRow],
    args: &ModelProfitArgs,
) -> Result {
    let economics = Economics {
        offer_cost: args.offer_cost,
        save_rate: args.save_rate,
        value: args.value,
    };
    if let Err(fault) = economics.check() {
        let flag = format!("--{}", fault.name.replace('_', "-"));
        let fault = Fault::new(format!(
            "`{flag}` is {}, expected {}",
            fault.found, fault.expected
        ));
        return Err(Failure::usage(fault));
    }
    let champion = aliases(project, args.as_of).await?.champion;
    let id = args.id.clone().or(champion.map(|row| row.model_id));
    let Some(id) = id else {
        let fault = Fault::new("there is no champion yet");
        let hint = format!("name a model; {}", which(project));
        return Err(Failure::usage(fault.hint(hint)));
    };
    let model = project.churn_model(named(project, &id, models)?).await?;
    let found = project.model_profit(args.as_of, &model, economics).await?;
    if context.output.is_json() {
        print_json(&found)?;
    } else {
        print_text(&text(&found))?;
    }
    Ok(ExitStatus::Done)
}

fn text(found: &ModelProfit) -> String {
    let Economics {
        offer_cost,
        save_rate,
        value,
    } = found.economics;
    let profit = &found.profit;
    let mut text = format!(
        "an offer that costs {offer_cost} and keeps {} of those about to leave, each worth {value}, ",
        percent(save_rate)
    );
    let _ = if profit.threshold > 1.0 {
        writeln!(text, "never pays")
    } else {
        writeln!(
            text,
            "pays from a churn probability of {:.3} on",
            profit.threshold
        )
    };
    let _ = writeln!(
        text,
        "tried with {} on {} of {}, {} of whom churned, by what was known then\n",
        found.model_id,
        counted(found.customers as u64, "customer"),
        found.cutoff_date,
        percent(found.churn_rate)
    );
    let mut table = Table::new(&[1, 2]);
    table.row(["offers to", "customers", "per customer"]);
    let rows = [
        ("those the model names", profit.treated, profit.per_row),
        ("everybody", 1.0, profit.of_all),
        ("nobody", 0.0, 0.0),
        (
            "who churned, if it were known",
            found.churn_rate,
            profit.at_best,
        ),
    ];
    for (to, share, per_customer) in rows {
        table.row([to, &percent(share), &format!("{per_customer:+.3}")]);
    }
    text + &table.to_string()
}
