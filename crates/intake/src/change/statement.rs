//! Single statements of a policy, whose text is kept as it is but for the statement.

use std::borrow::Cow;

use crate::json::value::Value;
use crate::record;

/// A policy document with a statement, in place of one of the same id; of no document, one that has only this.
/// `None` when the document or the statement is none.
#[must_use]
pub fn with_statement(document: Option<&str>, sid: &str, statement: &str) -> Option<String> {
    let statement = record::clean(statement, DEPTH_MAX).ok().filter(|text| text.starts_with('{'))?;
    let Some(document) = document else {
        return Some(format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#));
    };
    let mut statements = others(document, sid)?;
    statements.push(Cow::Owned(statement));
    replaced(document, &statements)
}

/// A policy document without a statement; empty when it was the only one. `None` when the document is none.
#[must_use]
pub fn without_statement(document: &str, sid: &str) -> Option<String> {
    let statements = others(document, sid)?;
    if statements.is_empty() { Some(String::new()) } else { replaced(document, &statements) }
}

/// The statements of a document but for one.
fn others<'a>(document: &'a str, sid: &str) -> Option<Vec<Cow<'a, str>>> {
    record::clean(document, DEPTH_MAX).ok().filter(|clean| clean == document)?;
    let statements = Value::new(document).field("Statement")?;
    let mut others = Vec::new();
    for statement in statements.items() {
        if !statement.is_object() {
            return None;
        }
        if statement.scalar_field("Sid") != sid {
            others.push(Cow::Borrowed(statement.raw()));
        }
    }
    Some(others)
}

fn replaced(document: &str, statements: &[Cow<'_, str>]) -> Option<String> {
    let known = Value::new(document).field("Statement")?.raw();
    // It is a part of the document, so that it lies in it at some place.
    let at = (known.as_ptr() as usize).checked_sub(document.as_ptr() as usize)?;
    let (before, after) = (document.get(..at)?, document.get(at + known.len()..)?);
    Some(format!("{before}[{}]{after}", statements.join(",")))
}

/// A document may be nested no deeper than this.
const DEPTH_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Deny"},{"Sid":"b","Effect":"Allow"}],"Id":"x"}"#;

    #[test]
    fn a_statement_is_set_and_taken_away_and_the_rest_stays() {
        let set = |document, sid| with_statement(document, sid, &format!(r#"{{ "Sid": "{sid}" }}"#));
        assert_eq!(set(None, "c").unwrap(), r#"{"Version":"2012-10-17","Statement":[{"Sid":"c"}]}"#);
        assert_eq!(
            set(Some(DOCUMENT), "a").unwrap(),
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"b","Effect":"Allow"},{"Sid":"a"}],"Id":"x"}"#
        );
        assert_eq!(
            without_statement(DOCUMENT, "b").unwrap(),
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Deny"}],"Id":"x"}"#
        );
        let one = r#"{"Statement":{"Sid":"a"}}"#;
        assert_eq!(without_statement(one, "a").unwrap(), "");
        assert_eq!(without_statement(one, "b").unwrap(), r#"{"Statement":[{"Sid":"a"}]}"#);
    }

    #[test]
    fn what_is_no_document_has_no_statements() {
        for document in ["", "{", "{}", "[]", r#"{"Statement":[1]}"#, "the event does not show this document"]
        {
            assert_eq!(without_statement(document, "a"), None, "{document}");
            assert_eq!(with_statement(Some(document), "a", "{}"), None, "{document}");
        }
        assert_eq!(with_statement(None, "a", "{"), None);
        assert_eq!(with_statement(Some(DOCUMENT), "a", "1"), None);
    }
}
