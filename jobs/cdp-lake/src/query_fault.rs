//! An error of the planner as a fault in a file: where the engine does not say where, the place is
//! found by planning the query again without its suspects.

use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range};

use cdp_identity::IdentityRules;
use cdp_plan::{BoundStatement, Fault, SourceFile, nearest_name};
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement as DfStatement;
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectNamePart, Value,
    ValueWithSpan, visit_expressions, visit_expressions_mut,
};
use datafusion::sql::sqlparser::tokenizer::Span;

use crate::words::{self, Words};

/// With more suspects than this, the first is named.
const SUSPECTS_MAX: usize = 40;

/// Plans a bound query, as far as its faults show.
pub(crate) async fn planned(
    session: &SessionContext,
    bound: &BoundStatement,
) -> Result<LogicalPlan, DataFusionError> {
    let statement = DfStatement::Statement(Box::new(bound.clone()));
    let plan = session.state().statement_to_plan(statement).await?;
    session.state().optimize(&plan)?;
    Ok(plan)
}

/// An error of the planner, in plain words and with the place in the file.
pub(crate) async fn query_fault(
    session: &SessionContext,
    file: &SourceFile,
    bound: &BoundStatement,
    error: &DataFusionError,
) -> Fault {
    let diagnostic = error.diagnostic();
    let (message, hint) = match (words::of(error), diagnostic) {
        (Some(Words { message, hint }), _) => (message, hint),
        (None, Some(said)) => {
            let helps = said.helps.iter().map(|help| help.message.as_str());
            let notes = said.notes.iter().map(|note| note.message.as_str());
            let more: Vec<&str> = helps.chain(notes).collect();
            let hint = (!more.is_empty()).then(|| more.join("; "));
            (said.message.clone(), hint)
        }
        (None, None) => (words::plain(error), None),
    };
    let mut fault = Fault::new(message);
    if let Some(hint) = hint {
        fault = fault.hint(hint);
    }
    let said = diagnostic.and_then(|said| said.span.as_ref()).map(|span| {
        let start = file.offset(span.start.line, span.start.column);
        start..file.offset(span.end.line, span.end.column).max(start)
    });
    let range = match said {
        Some(range) => Some(range),
        None => culprit(session, file, bound, error).await,
    };
    match range {
        Some(range) => fault.at(file, range),
        None => fault.in_file(file),
    }
}

/// The first of the suspects that is at fault even when it is alone.
async fn culprit(
    session: &SessionContext,
    file: &SourceFile,
    bound: &BoundStatement,
    error: &DataFusionError,
) -> Option<Range<usize>> {
    let suspect = Suspect::of(error)?;
    let mut spans = Vec::new();
    let _ = visit_expressions(bound, |expression| {
        // A literal that was bound for a parameter stands nowhere in the file.
        let found = suspect.span(expression);
        spans.extend(found.filter(|span| suspect.is_at(&file.text()[range(file, *span)])));
        ControlFlow::<()>::Continue(())
    });
    spans.sort_by_key(|span| (span.start.line, span.start.column));
    let said = error.strip_backtrace();
    if (2..=SUSPECTS_MAX).contains(&spans.len()) {
        for span in &spans {
            let mut alone = bound.clone();
            let _ = visit_expressions_mut(&mut alone, |expression| {
                if suspect.span(expression).is_some_and(|other| other != *span) {
                    *expression = Expr::Value(ValueWithSpan {
                        value: Value::Null,
                        span: Span::empty(),
                    });
                }
                ControlFlow::<()>::Continue(())
            });
            let again = planned(session, &alone).await;
            if again.is_err_and(|error| error.strip_backtrace() == said) {
                return Some(range(file, *span));
            }
        }
    }
    spans.first().map(|span| range(file, *span))
}

/// What an error without a place is about.
enum Suspect {
    Column(String),
    Function(String),
    Literal(String),
}

impl Suspect {
    fn of(error: &DataFusionError) -> Option<Self> {
        match error.find_root() {
            DataFusionError::SchemaError(error, _) => match error.as_ref() {
                SchemaError::FieldNotFound { field, .. }
                | SchemaError::AmbiguousReference { field } => {
                    Some(Self::Column(field.name().to_owned()))
                }
                _ => None,
            },
            DataFusionError::Plan(text) => {
                words::function_of(text).map(|name| Self::Function(name.to_owned()))
            }
            DataFusionError::ArrowError(error, _) => {
                let text = error.to_string();
                let value = text.split_once('\'')?.1.rsplit_once('\'')?.0;
                Some(Self::Literal(value.to_owned()))
            }
            _ => None,
        }
    }

    fn is_at(&self, text: &str) -> bool {
        let (Self::Column(name) | Self::Function(name) | Self::Literal(name)) = self;
        text.to_lowercase().contains(&name.to_lowercase())
    }

    /// The place of an expression, if it is a suspect.
    fn span(&self, expression: &Expr) -> Option<Span> {
        match (self, expression) {
            (Self::Column(name), Expr::Identifier(ident)) if ident.value == *name => {
                Some(ident.span)
            }
            (Self::Column(name), Expr::CompoundIdentifier(parts)) => {
                let (first, last) = (parts.first()?, parts.last()?);
                (last.value == *name).then(|| first.span.union(&last.span))
            }
            (Self::Function(name), Expr::Function(function)) => {
                let ident = called(function)?;
                ident.value.eq_ignore_ascii_case(name).then_some(ident.span)
            }
            (Self::Literal(text), Expr::Value(value)) => match &value.value {
                Value::SingleQuotedString(found) if found == text => Some(value.span),
                _ => None,
            },
            _ => None,
        }
    }
}

fn called(function: &Function) -> Option<&datafusion::sql::sqlparser::ast::Ident> {
    match function.name.0.last() {
        Some(ObjectNamePart::Identifier(ident)) => Some(ident),
        _ => None,
    }
}

fn range(file: &SourceFile, span: Span) -> Range<usize> {
    let start = file.offset(span.start.line, span.start.column);
    start..file.offset(span.end.line, span.end.column).max(start)
}

/// Calls of `identifier` for a type that nobody declared; the engine would find out row by row.
pub(crate) fn identifier_faults(
    rules: &IdentityRules,
    file: &SourceFile,
    bound: &BoundStatement,
    faults: &mut Vec<Fault>,
) {
    let mut told = BTreeSet::new();
    let _ = visit_expressions(bound, |expression| {
        if let Expr::Function(function) = expression
            && let Some(name) = called(function)
            && name.value.eq_ignore_ascii_case("identifier")
            && let Some(fault) = identifier_fault(rules, file, function, name.span)
            && told.insert((name.span.start.line, name.span.start.column))
        {
            faults.push(fault);
        }
        ControlFlow::<()>::Continue(())
    });
}

fn identifier_fault(
    rules: &IdentityRules,
    file: &SourceFile,
    function: &Function,
    call: Span,
) -> Option<Fault> {
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(first))) = list.args.first() else {
        return None;
    };
    match first {
        Expr::Value(ValueWithSpan {
            value: Value::SingleQuotedString(name),
            span,
        }) if !rules.has_type(name) => {
            let declared: Vec<&str> = rules.type_names().collect();
            let hint = match nearest_name(name, declared.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "known: {}; another is declared as `[identity.types.{name}]` in cdp.toml",
                    declared.join(", ")
                ),
            };
            let fault = Fault::new(format!("`{name}` is not an identifier type"));
            // A literal that was bound for a parameter stands nowhere in the file.
            let literal = range(file, *span);
            let is_there = file.text()[literal.clone()].contains(name.as_str());
            let place = if is_there { literal } else { range(file, call) };
            Some(fault.hint(hint).at(file, place))
        }
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => Some(
            Fault::new("the type given to `identifier` is a text, such as 'email', and no column")
                .at(file, range(file, call)),
        ),
        _ => None,
    }
}
