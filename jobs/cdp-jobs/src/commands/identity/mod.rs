//! `identity`: what people decide about who is who.

mod health;
mod linkage;
mod text;
mod verify;

use cdp_plan::{AsOfDate, Fault, Severity, nearest_hint};
use cdp_runner::{Host, KnownOverride, OverrideKind, OverrideRow, Project, profile_id_in};
use chrono::{DateTime, NaiveTime, SubsecRound, TimeDelta, Utc};

use super::author::author_and_reason;
use super::{Context, VERSION};
use crate::cli::{HealthArgs, IdentityCommand, OneArgs, PairArgs, RevokeArgs, SaidArgs};
use crate::exit_status::ExitStatus;
use crate::failure::{Failure, Result};
use crate::host::{self, ThisProcess};
use crate::output::{print_json, print_text};
use crate::project;

/// Lists overrides, or adds one.
pub(super) async fn identity(context: &Context, command: &IdentityCommand) -> Result {
    let project = project::open(&context.settings).await?;
    let desk = Desk {
        context,
        project: &project,
        now: ThisProcess.now().trunc_subsecs(6),
    };
    match command {
        IdentityCommand::Link(args) => desk.pair(OverrideKind::Link, args).await,
        IdentityCommand::Unlink(args) => desk.pair(OverrideKind::NeverLink, args).await,
        IdentityCommand::Detach(args) => desk.one(OverrideKind::Detach, args).await,
        IdentityCommand::Block(args) => desk.one(OverrideKind::BlockValue, args).await,
        IdentityCommand::Revoke(args) => desk.revoke(args).await,
        IdentityCommand::Overrides => desk.list().await,
        IdentityCommand::Verify(args) => verify::verify(context, &project, args).await,
        IdentityCommand::Weights(args) => linkage::weights(context, &project, args).await,
        IdentityCommand::Matches(args) => linkage::matches(context, &project, args).await,
        IdentityCommand::Health(args) => desk.health(args).await,
    }
}

/// How many identifiers of a profile a message names.
const IDENTIFIERS_NAMED: usize = 10;

/// Where people say who is who.
struct Desk<'a> {
    context: &'a Context,
    project: &'a Project,
    now: DateTime<Utc>,
}

impl Desk<'_> {
    async fn pair(&self, kind: OverrideKind, args: &PairArgs) -> Result {
        let left = self.identifier(&args.left).await?;
        let right = self.identifier(&args.right).await?;
        if left == right {
            let fault = Fault::new(format!("both are `{left}`"));
            let hint = "name two identifiers, one of each person or side";
            return Err(Failure::usage(fault.hint(hint)));
        }
        self.declare(kind, left, Some(right), &args.said).await
    }

    async fn one(&self, kind: OverrideKind, args: &OneArgs) -> Result {
        let left = self.identifier(&args.left).await?;
        self.declare(kind, left, None, &args.said).await
    }

    /// Profiles come and go, identifiers stay: what is decided names identifiers.
    async fn identifier(&self, text: &str) -> Result<String> {
        if let Some(id) = profile_id_in(text) {
            let of_it = self.project.identifiers_of(id).await.unwrap_or_default();
            if !of_it.is_empty() {
                return Err(names_a_profile(id, &of_it));
            }
        }
        self.project
            .identifier(text)
            .map_err(|fault| Failure::usage(*fault))
    }

    async fn declare(
        &self,
        kind: OverrideKind,
        left_identifier: String,
        right_identifier: Option<String>,
        said: &SaidArgs,
    ) -> Result {
        let (author, reason) = said_by(said)?;
        let known = self.known().await?;
        let mut override_id = host::new_override_id(self.now);
        while known.iter().any(|one| one.row.override_id == override_id) {
            override_id = host::new_override_id(self.now);
        }
        let row = OverrideRow {
            override_id,
            kind,
            left_identifier,
            right_identifier,
            is_active: true,
            author,
            reason,
            valid_from: said.valid_from.map_or(self.now, midnight),
        };
        self.show_and_write(&row, said.dry_run).await
    }

    async fn revoke(&self, args: &RevokeArgs) -> Result {
        let (author, reason) = said_by(&args.said)?;
        let known = self.known().await?;
        let id = args.override_id.trim();
        let Some(found) = known.iter().find(|one| one.row.override_id == id) else {
            return Err(unknown_override(id, &known));
        };
        if let Some(taken_back) = &found.taken_back {
            let line = text::taken_back(id, taken_back);
            self.context.output.say(line);
            return Ok(ExitStatus::NothingToDo);
        }
        // Of two rows at one time the one that stands holds, so it is taken back a moment later.
        let since = found.row.valid_from;
        let valid_from = match args.said.valid_from.map(midnight) {
            Some(given) if given <= since => return Err(too_early(id, since)),
            Some(given) => given,
            None => self.now.max(since + TimeDelta::microseconds(1)),
        };
        let row = OverrideRow {
            is_active: false,
            author,
            reason,
            valid_from,
            ..found.row.clone()
        };
        self.show_and_write(&row, args.said.dry_run).await
    }

    async fn list(&self) -> Result {
        let known = self.known().await?;
        if self.context.output.is_json() {
            print_json(&known)?;
        } else if known.is_empty() {
            self.context.output.say("there is no override yet");
        } else {
            print_text(&text::list(&known))?;
        }
        Ok(ExitStatus::Done)
    }

    async fn health(&self, args: &HealthArgs) -> Result {
        project::expect_lake(self.project, &self.context.settings)?;
        let found = self.project.identity_health(args.as_of).await?;
        if self.context.output.is_json() {
            print_json(&found)?;
        } else {
            print_text(&health::told(&found))?;
        }
        let mut broken = found.broken_checks.iter();
        if args.strict && broken.any(|check| check.severity == Severity::Fail) {
            return Ok(ExitStatus::CheckFailed);
        }
        Ok(ExitStatus::Done)
    }

    async fn known(&self) -> Result<Vec<KnownOverride>> {
        project::expect_lake(self.project, &self.context.settings)?;
        Ok(self.project.overrides().await?)
    }

    async fn show_and_write(&self, row: &OverrideRow, dry_run: bool) -> Result {
        let output = self.context.output;
        let preview = self.project.preview_override(row).await?;
        if !output.is_json() {
            print_text(&text::preview(row, &preview))?;
        }
        if !dry_run {
            let run_id = host::new_run_id();
            self.project.write_override(row, &run_id, VERSION).await?;
        }
        if output.is_json() {
            print_json(&serde_json::json!({
                "override": row,
                "written": !dry_run,
                "counts_from": row.counts_from(),
                "impact": preview,
            }))?;
            return Ok(ExitStatus::Done);
        }
        let flag = self.context.settings.project_flag();
        print_text(&text::outcome(row, preview.map_date, dry_run, &flag))?;
        if row.is_active && !dry_run {
            let id = &row.override_id;
            output.say(format!(
                "hint: `cdp-jobs identity revoke{flag} {id} --reason TEXT` takes it back"
            ));
        }
        Ok(ExitStatus::Done)
    }
}

fn midnight(date: AsOfDate) -> DateTime<Utc> {
    date.date().and_time(NaiveTime::MIN).and_utc()
}

fn said_by(said: &SaidArgs) -> Result<(String, String)> {
    author_and_reason(said.author.as_deref(), &said.reason, said.dry_run)
}

fn names_a_profile(id: &str, identifiers: &[String]) -> Failure {
    let named = identifiers.iter().take(IDENTIFIERS_NAMED);
    let named: Vec<String> = named.map(|one| format!("`{one}`")).collect();
    let more = identifiers.len() - named.len();
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let fault = Fault::new(format!("`{id}` is a profile id, not an identifier"));
    let hint = format!(
        "an override outlives profiles, so it names identifiers; those of {id} are {}{more}",
        named.join(", ")
    );
    Failure::usage(fault.hint(hint))
}

fn unknown_override(id: &str, known: &[KnownOverride]) -> Failure {
    let ids = known.iter().map(|one| one.row.override_id.as_str());
    let near = nearest_hint(id, ids);
    let lists = "`cdp-jobs identity overrides` lists them";
    let hint = if near.starts_with("did you mean") {
        format!("{near} {lists}")
    } else {
        lists.to_owned()
    };
    Failure::usage(Fault::new(format!("there is no override `{id}`")).hint(hint))
}

fn too_early(id: &str, since: DateTime<Utc>) -> Failure {
    let since = text::moment(since);
    let fault = Fault::new(format!(
        "`{id}` holds since {since}, so it can't end before"
    ));
    Failure::usage(fault.hint("give `--valid-from` a later date, or leave it out"))
}
