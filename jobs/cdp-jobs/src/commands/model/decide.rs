//! `model promote` and `model rollback`: who is champion from a date on.

use cdp_churn::{ContestResult, Promotion, Verdict};
use cdp_plan::{AsOfDate, Fault};
use cdp_runner::{Action, Alias, AliasRow, Host, ModelRow, Project};

use super::compare::{guards, since};
use super::named;
use crate::cli::{DecidedArgs, ModelPromoteArgs, ModelRollbackArgs};
use crate::commands::author::author_and_reason;
use crate::commands::{Context, VERSION};
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::host::{self, ThisProcess};
use crate::output::{print_json, print_text};

/// Where people say which model is champion.
pub(super) struct Desk<'a> {
    context: &'a Context,
    project: &'a Project,
    models: Vec<ModelRow>,
}

impl<'a> Desk<'a> {
    pub(super) async fn of(context: &'a Context, project: &'a Project) -> Result<Self> {
        Ok(Self {
            context,
            project,
            models: project.churn_models().await?,
        })
    }

    pub(super) async fn promote(&self, args: &ModelPromoteArgs) -> Result {
        let row = named(self.project, &args.id, &self.models)?;
        let date = self.since(&args.decided).await?;
        check_age(row, date)?;
        let aliases = self.project.model_aliases(date).await?;
        if let Some(champion) = &aliases.champion
            && champion.model_id == row.model_id
        {
            let id = &champion.model_id;
            let told = format!("{id} is champion already, since {}", champion.as_of_date);
            self.context.output.say(told);
            return Ok(ExitStatus::NothingToDo);
        }
        let model = self.project.churn_model(row).await?;
        let champion = match &aliases.champion {
            Some(champion) => {
                let found = self
                    .models
                    .iter()
                    .find(|row| row.model_id == champion.model_id);
                match found {
                    Some(row) => self.project.churn_model(row).await.ok(),
                    None => None,
                }
            }
            None => None,
        };
        let judged = self
            .project
            .judge_models(Some(date), champion.as_ref(), &model);
        let promotion = judged.await?.promotion;
        let against = against(&promotion);
        if let Some(against) = &against
            && !args.force
        {
            return self.refuse(row, &promotion, against);
        }
        let moved = self.row(Action::Promote, &row.model_id, date, &args.decided)?;
        let moved = AliasRow {
            evidence: serde_json::json!(promotion),
            ..moved
        };
        self.write(&moved, args.decided.dry_run, against.as_deref())
            .await
    }

    pub(super) async fn rollback(&self, args: &ModelRollbackArgs) -> Result {
        let date = self.since(&args.decided).await?;
        let aliases = self.project.model_aliases(date).await?;
        let Some(previous) = aliases.previous_champion else {
            let told = match aliases.champion {
                Some(champion) => format!("before {} there was no champion", champion.model_id),
                None => format!("{date} has no champion"),
            };
            self.context.output.say(told);
            return Ok(ExitStatus::NothingToDo);
        };
        // It must be there, and be readable.
        let row = named(self.project, &previous.model_id, &self.models)?;
        self.project.churn_model(row).await?;
        let moved = self.row(Action::Rollback, &previous.model_id, date, &args.decided)?;
        let left = aliases.champion.map(|champion| champion.model_id);
        let moved = AliasRow {
            evidence: serde_json::json!({ "left": left }),
            ..moved
        };
        self.write(&moved, args.decided.dry_run, None).await
    }

    /// The date from which a decision holds: the newest that was scored, so that it can be scored
    /// again, and nothing before it changes.
    async fn since(&self, decided: &DecidedArgs) -> Result<AsOfDate> {
        if let Some(date) = decided.since {
            return Ok(date);
        }
        let newest = self.project.newest_scored().await?;
        newest.ok_or_else(|| {
            let fault = Fault::new("nothing was scored yet");
            Failure::usage(fault.hint("`cdp-jobs run` trains a model and scores"))
        })
    }

    fn row(
        &self,
        action: Action,
        model_id: &str,
        date: AsOfDate,
        decided: &DecidedArgs,
    ) -> Result<AliasRow> {
        let DecidedArgs {
            reason,
            author,
            dry_run,
            ..
        } = decided;
        let (author, reason) = author_and_reason(author.as_deref(), reason, *dry_run)?;
        Ok(AliasRow {
            alias: Alias::Champion,
            definition: self.project.definition().clone(),
            model_id: model_id.to_owned(),
            as_of_date: date,
            set_at: ThisProcess.now(),
            action,
            author: Some(author),
            reason,
            run_id: host::new_run_id(),
            input_versions: serde_json::json!({}),
            evidence: serde_json::Value::Null,
            program_version: VERSION.to_owned(),
        })
    }

    fn refuse(&self, row: &ModelRow, promotion: &Promotion, against: &str) -> Result {
        let output = self.context.output;
        if output.is_json() {
            print_json(&serde_json::json!({ "written": false, "evidence": promotion }))?;
        } else {
            print_text(&guards(promotion))?;
        }
        output.say(format!("{} is not promoted: {against}", row.model_id));
        output.say("hint: `--force` promotes it all the same, and the reason is kept with it");
        Ok(ExitStatus::CheckFailed)
    }

    async fn write(&self, row: &AliasRow, dry_run: bool, against: Option<&str>) -> Result {
        if !dry_run {
            self.project.move_alias(row).await?;
        }
        let output = self.context.output;
        if output.is_json() {
            print_json(&serde_json::json!({ "written": !dry_run, "alias": row }))?;
            return Ok(ExitStatus::Done);
        }
        let (id, date) = (&row.model_id, row.as_of_date);
        let would = if dry_run { "would be" } else { "is" };
        let forced = against.map_or_else(String::new, |against| format!(", although {against}"));
        print_text(&format!("{id} {would} champion {}{forced}\n", since(date)))?;
        if !dry_run {
            let flag = self.context.settings.project_flag();
            let scores = self.project.definition().suffixed("scores.churn_scores");
            output.say(format!(
                "hint: `cdp-jobs run{flag} --as-of {date} --select {scores}+` scores with it"
            ));
        }
        Ok(ExitStatus::Done)
    }
}

/// What speaks against a model, as a clause.
fn against(promotion: &Promotion) -> Option<String> {
    let broken: Vec<String> = promotion.broken().map(ToString::to_string).collect();
    if !broken.is_empty() {
        return Some(broken.join("; "));
    }
    let contest = promotion.contest.as_ref().and_then(ContestResult::held)?;
    let is_worse = contest.comparison.verdict() == Verdict::Worse;
    is_worse.then(|| promotion.because.clone())
}

/// A date is never scored by a model that was trained after it.
fn check_age(row: &ModelRow, date: AsOfDate) -> Result<()> {
    if row.as_of_date <= date {
        return Ok(());
    }
    let (id, trained) = (&row.model_id, row.as_of_date);
    let fault = Fault::new(format!(
        "{id} was trained for {trained}, and can't score {date}, which is earlier"
    ));
    let hint = format!("`--since {trained}`, or a later date");
    Err(Failure::usage(fault.hint(hint)))
}
