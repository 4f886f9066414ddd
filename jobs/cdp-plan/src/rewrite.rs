//! What is put in the place of something else in a query: values of parameters, and other tables.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, ObjectNamePart, Statement as Ast, TableAlias, TableFactor, Value, ValueWithSpan,
    VisitMut, VisitorMut,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::name::TableName;
use crate::param::ParamValue;

/// Puts other tables in the place of some that a query names.
pub fn rename_tables(query: &mut Ast, names: &BTreeMap<TableName, TableName>) {
    if !names.is_empty() {
        let _ = VisitMut::visit(query, &mut Renamer { names });
    }
}

struct Renamer<'a> {
    names: &'a BTreeMap<TableName, TableName>,
}

impl VisitorMut for Renamer<'_> {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        let TableFactor::Table { name, alias, .. } = factor else {
            return ControlFlow::Continue(());
        };
        let written = name.to_string().to_lowercase().replace('"', "");
        let table = written.parse::<TableName>().ok();
        if let Some(other) = table.and_then(|table| self.names.get(&table))
            && let Some(ObjectNamePart::Identifier(last)) = name.0.last_mut()
        {
            // Columns may be named with the table that was written.
            alias.get_or_insert_with(|| TableAlias {
                explicit: true,
                name: last.clone(),
                columns: Vec::new(),
                at: None,
            });
            other.name().clone_into(&mut last.value);
        }
        ControlFlow::Continue(())
    }
}

/// Replaces parameters by literals.
pub(crate) struct Binder<'a> {
    pub(crate) values: &'a BTreeMap<String, ParamValue>,
}

impl VisitorMut for Binder<'_> {
    type Break = String;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        let Expr::Value(ValueWithSpan {
            value: Value::Placeholder(name),
            ..
        }) = expr
        else {
            return ControlFlow::Continue(());
        };
        let name = name.trim_start_matches('$').to_owned();
        let literal = self.values.get(&name).and_then(|value| {
            Parser::new(&GenericDialect {})
                .try_with_sql(&value.to_sql())
                .and_then(|mut parser| parser.parse_expr())
                .ok()
        });
        match literal {
            Some(literal) => {
                *expr = literal;
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(name),
        }
    }
}
