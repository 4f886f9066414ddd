//! One query: what it reads, which parameters it uses, and its text with the values bound.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use sqlparser::ast::{
    Expr, ObjectName, ObjectNamePart, Query, SetExpr, Statement as Ast, Value, ValueWithSpan,
    Visit, VisitMut, Visitor,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Span;

use crate::fault::{Fault, SourceFile};
use crate::name::TableName;
use crate::param::ParamValue;
use crate::rewrite::{Binder, rename_tables};

/// How deep a query may nest.
const RECURSION_LIMIT: usize = 200;
/// Table functions, which look like tables to the parser.
const TABLE_FUNCTIONS: [&str; 3] = ["generate_series", "range", "unnest"];
/// Functions whose answer is not a function of their arguments: they would break reruns.
const VOLATILE: [&str; 9] = [
    "current_date",
    "current_time",
    "current_timestamp",
    "gen_random_uuid",
    "localtimestamp",
    "now",
    "rand",
    "random",
    "uuid",
];

/// One checked `select`.
#[derive(Debug, Clone)]
pub struct Statement {
    file: SourceFile,
    ast: Arc<Ast>,
    tables: Vec<(TableName, Range<usize>)>,
    params: Vec<(String, Range<usize>)>,
}

impl Statement {
    /// Parses a file that must hold one query; faults are added to the list.
    pub fn parse(file: &SourceFile, faults: &mut Vec<Fault>) -> Option<Self> {
        let ast = match parse_one(file) {
            Ok(ast) => ast,
            Err(fault) => {
                faults.push(*fault);
                return None;
            }
        };
        if !only_reads(&ast) {
            let fault = Fault::new("a model is one `select`; this statement is not")
                .hint("what a model's query returns is written for it; drop the DDL or DML")
                .in_file(file);
            faults.push(fault);
            return None;
        }
        let mut finder = Finder::new(file);
        let _ = ast.visit(&mut finder);
        finder.finish(faults).map(|(tables, params)| Self {
            file: file.clone(),
            ast: Arc::new(ast),
            tables,
            params,
        })
    }

    /// The file that holds the query.
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// The tables it reads, each with the place of its first mention.
    pub fn tables(&self) -> &[(TableName, Range<usize>)] {
        &self.tables
    }

    /// The parameters it uses, each with the place of its first mention.
    pub fn params(&self) -> &[(String, Range<usize>)] {
        &self.params
    }

    /// The same query over other tables, where they stand for those that it names.
    pub(crate) fn renamed(&self, names: &BTreeMap<TableName, TableName>) -> Self {
        let mut ast = Ast::clone(&self.ast);
        rename_tables(&mut ast, names);
        let tables = self.tables.iter().map(|(table, place)| {
            let renamed = names.get(table).unwrap_or(table).clone();
            (renamed, place.clone())
        });
        Self {
            file: self.file.clone(),
            ast: Arc::new(ast),
            tables: tables.collect(),
            params: self.params.clone(),
        }
    }

    /// The syntax tree with every parameter replaced by a literal of its type.
    ///
    /// # Errors
    /// Names the parameter that has no value; `validate` finds such a one earlier.
    pub fn bind(&self, values: &BTreeMap<String, ParamValue>) -> Result<Ast, String> {
        let mut ast = Ast::clone(&self.ast);
        match VisitMut::visit(&mut ast, &mut Binder { values }) {
            ControlFlow::Continue(()) => Ok(ast),
            ControlFlow::Break(name) => Err(format!("no value for the parameter `${name}`")),
        }
    }
}

fn parse_one(file: &SourceFile) -> Result<Ast, Box<Fault>> {
    let parsed = Parser::new(&GenericDialect {})
        .with_recursion_limit(RECURSION_LIMIT)
        .try_with_sql(file.text())
        .and_then(|mut parser| parser.parse_statements());
    let mut statements = parsed.map_err(|error| Box::new(syntax_fault(file, &error)))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        (None, _) => Err(Box::new(
            Fault::new("the file holds no query").in_file(file),
        )),
        (Some(_), false) => Err(Box::new(
            Fault::new(format!(
                "the file holds {} statements, expected one `select`",
                statements.len() + 1
            ))
            .hint("use `with name as (…)` for intermediate results")
            .in_file(file),
        )),
    }
}

fn syntax_fault(file: &SourceFile, error: &ParserError) -> Fault {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.clone(),
        ParserError::RecursionLimitExceeded => "the query nests too deeply".to_owned(),
    };
    let place = text.rsplit_once(" at Line: ").and_then(|(message, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        Some((message, line.parse().ok()?, column.parse().ok()?))
    });
    match place {
        Some((message, line, column)) => {
            let start = file.offset(line, column);
            let end = file.text()[start..]
                .find(|c: char| c.is_whitespace())
                .map_or(file.text().len(), |length| start + length.max(1));
            Fault::new(format!("syntax error in SQL: {message}")).at(file, start..end)
        }
        None => Fault::new(format!("syntax error in SQL: {text}")).in_file(file),
    }
}

fn only_reads(ast: &Ast) -> bool {
    matches!(ast, Ast::Query(query) if body_only_reads(&query.body))
}

fn body_only_reads(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => select.into.is_none(),
        SetExpr::Query(query) => body_only_reads(&query.body),
        SetExpr::SetOperation { left, right, .. } => {
            body_only_reads(left) && body_only_reads(right)
        }
        SetExpr::Values(_) => true,
        SetExpr::Insert(_)
        | SetExpr::Update(_)
        | SetExpr::Delete(_)
        | SetExpr::Merge(_)
        | SetExpr::Table(_) => false,
    }
}

/// Collects table names, CTE names, parameters and volatile functions.
struct Finder<'a> {
    file: &'a SourceFile,
    ctes: BTreeSet<String>,
    tables: BTreeMap<TableName, Range<usize>>,
    bare: Vec<(String, Range<usize>)>,
    params: BTreeMap<String, Range<usize>>,
    faults: Vec<Fault>,
}

type Found = (Vec<(TableName, Range<usize>)>, Vec<(String, Range<usize>)>);

impl<'a> Finder<'a> {
    fn new(file: &'a SourceFile) -> Self {
        Self {
            file,
            ctes: BTreeSet::new(),
            tables: BTreeMap::new(),
            bare: Vec::new(),
            params: BTreeMap::new(),
            faults: Vec::new(),
        }
    }

    fn range(&self, span: Span, length: usize) -> Range<usize> {
        let start = self.file.offset(span.start.line, span.start.column);
        start..(start + length).min(self.file.text().len())
    }

    fn finish(mut self, faults: &mut Vec<Fault>) -> Option<Found> {
        for (name, range) in std::mem::take(&mut self.bare) {
            if self.ctes.contains(&name) || TABLE_FUNCTIONS.contains(&name.as_str()) {
                continue;
            }
            self.faults.push(
                Fault::new(format!("unknown table `{name}`"))
                    .hint(
                        "name a table as `layer.name`; a bare name must be a `with` of this query",
                    )
                    .at(self.file, range),
            );
        }
        let clean = self.faults.is_empty();
        faults.append(&mut self.faults);
        clean.then(|| {
            (
                self.tables.into_iter().collect(),
                self.params.into_iter().collect(),
            )
        })
    }

    fn volatile(&mut self, name: &str, span: Span) {
        if !VOLATILE.contains(&name) {
            return;
        }
        let range = self.range(span, name.len());
        self.faults.push(
            Fault::new(format!("`{name}` gives another answer in every run"))
                .hint("use `$as_of_date`, the date that the run speaks for")
                .at(self.file, range),
        );
    }
}

impl Visitor for Finder<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.ctes.insert(cte.alias.name.value.to_lowercase());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let parts: Vec<(&str, Span)> = relation
            .0
            .iter()
            .filter_map(|part| match part {
                ObjectNamePart::Identifier(ident) => Some((ident.value.as_str(), ident.span)),
                ObjectNamePart::Function(_) => None,
            })
            .collect();
        let Some((_, span)) = parts.first() else {
            return ControlFlow::Continue(());
        };
        let written = parts
            .iter()
            .map(|(value, _)| value.to_lowercase())
            .collect::<Vec<_>>()
            .join(".");
        let range = self.range(*span, written.len());
        if parts.len() == 1 {
            self.bare.push((written, range));
            return ControlFlow::Continue(());
        }
        match written.parse::<TableName>() {
            Ok(name) => {
                self.tables.entry(name).or_insert(range);
            }
            Err(error) => {
                let fault = Fault::new(format!("unknown table: {error}")).at(self.file, range);
                self.faults.push(fault);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Value(ValueWithSpan {
                value: Value::Placeholder(name),
                span,
            }) => {
                let range = self.range(*span, name.len());
                let name = name.trim_start_matches('$').to_owned();
                self.params.entry(name).or_insert(range);
            }
            Expr::Function(function) => {
                if let Some(ObjectNamePart::Identifier(ident)) = function.name.0.last() {
                    self.volatile(&ident.value.to_lowercase(), ident.span);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str) -> Result<Statement, Vec<String>> {
        let mut faults = Vec::new();
        let statement = Statement::parse(&SourceFile::new("m.sql", sql), &mut faults);
        let told = faults.iter().map(|fault| fault.message().to_owned());
        statement.ok_or_else(|| told.collect())
    }

    #[test]
    fn tables_and_parameters_are_found_and_ctes_are_not_tables() {
        let statement = check(concat!(
            "with orders as (select * from staging.orders where x > $days)\n",
            "select * from orders join Features.A as a on a.x = orders.x\n",
            "where a.d = $as_of_date and exists (select 1 from identity.m) limit $n",
        ))
        .unwrap();
        let tables: Vec<String> = statement
            .tables()
            .iter()
            .map(|(t, _)| t.to_string())
            .collect();
        assert_eq!(tables, ["staging.orders", "identity.m", "features.a"]);
        let params: Vec<&str> = statement.params().iter().map(|(p, _)| p.as_str()).collect();
        assert_eq!(params, ["as_of_date", "days", "n"]);
        let range = statement.params()[1].1.clone();
        assert_eq!(&statement.file().text()[range], "$days");
    }

    #[test]
    fn values_are_bound_everywhere() {
        let statement = check(concat!(
            "with c as (select unnest($cutoff_dates) as d) select d - interval '1 day' * $days, ",
            "sum(x) over (order by d rows between 3 preceding and current row) ",
            "from c where d < $as_of_date limit $n",
        ))
        .unwrap();
        let date = "2026-01-01".parse().unwrap();
        let values = BTreeMap::from([
            ("as_of_date".to_owned(), ParamValue::Date(date)),
            ("cutoff_dates".to_owned(), ParamValue::Dates(vec![date])),
            ("days".to_owned(), ParamValue::Int(3)),
            ("n".to_owned(), ParamValue::Int(5)),
        ]);
        let bound = statement.bind(&values).unwrap().to_string();
        assert!(!bound.contains('$'), "{bound}");
        assert!(bound.contains("LIMIT CAST(5 AS BIGINT)"), "{bound}");
        let error = statement.bind(&BTreeMap::new()).unwrap_err();
        assert!(
            error.starts_with("no value for the parameter `$"),
            "{error}"
        );
    }

    #[test]
    fn other_tables_stand_for_those_that_are_named() {
        let statement = check(
            "select churn_scores.x from Scores.churn_scores join scores.b as c on c.x = churn_scores.x",
        );
        let name = |text: &str| text.parse::<TableName>().unwrap();
        let names = BTreeMap::from([(name("scores.churn_scores"), name("scores.churn_scores_m"))]);
        let renamed = statement.unwrap().renamed(&names);
        let tables = renamed.tables().iter().map(|(t, _)| t.to_string());
        assert_eq!(
            tables.collect::<Vec<_>>(),
            ["scores.b", "scores.churn_scores_m"]
        );
        let bound = renamed.bind(&BTreeMap::new()).unwrap().to_string();
        let expected = "SELECT churn_scores.x FROM Scores.churn_scores_m AS churn_scores \
                        JOIN scores.b AS c ON c.x = churn_scores.x";
        assert_eq!(bound, expected);
    }

    #[test]
    fn only_one_plain_deterministic_select_is_a_model() {
        let one = |sql: &str| check(sql).unwrap_err().join("; ");
        assert!(one("delete from features.a").contains("one `select`"));
        assert!(one("create table x as select 1").contains("one `select`"));
        assert!(one("select 1; select 2").contains("2 statements"));
        assert!(one("").contains("no query"));
        assert!(one("select now()").contains("`now` gives another answer"));
        assert!(one("select * from orders").contains("unknown table `orders`"));
        assert!(one("select * from stagin.orders").contains("`stagin` is not a layer"));
        assert!(one("select a form staging.orders where").contains("syntax error"));
    }
}
