//! Questions with the answers that are expected, as the AuthZEN interop files write them.
//!
//! `evaluation` holds single questions with `true` or `false`; `evaluations` holds several in one body, with a list of
//! `{"decision": ...}`. What a body says for all of its questions is put into each.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A question and its answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Case {
    /// Which one it is: `evaluation 3`, or `evaluations 1.2` for the second of the first body.
    pub(crate) name: String,
    /// The body of an evaluation.
    pub(crate) request: Value,
    /// Whether it is to pass.
    pub(crate) expected: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    evaluation: Vec<Single>,
    #[serde(default)]
    evaluations: Vec<Batch>,
}

#[derive(Deserialize)]
struct Single {
    request: Map<String, Value>,
    expected: bool,
}

#[derive(Deserialize)]
struct Batch {
    request: Map<String, Value>,
    expected: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    decision: bool,
}

/// Reads a file of cases.
pub(crate) fn read(path: &Path) -> Result<Vec<Case>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let cases = parse(&text).with_context(|| format!("cannot use {}", path.display()))?;
    if cases.is_empty() {
        bail!("there is no case in {}", path.display());
    }
    Ok(cases)
}

fn parse(text: &str) -> Result<Vec<Case>> {
    let file: File = serde_json::from_str(text)?;
    let singles = file.evaluation.into_iter().enumerate().map(|(at, Single { request, expected })| Case {
        name: format!("evaluation {}", at + 1),
        request: Value::Object(request),
        expected,
    });
    let mut cases: Vec<_> = singles.collect();
    for (at, batch) in file.evaluations.into_iter().enumerate() {
        cases.extend(apart(at + 1, batch)?);
    }
    Ok(cases)
}

/// The questions of one body. A batch that ends early expects fewer answers than it has questions.
fn apart(at: usize, Batch { mut request, expected }: Batch) -> Result<Vec<Case>> {
    request.remove("options");
    let items = match request.remove("evaluations") {
        Some(Value::Array(items)) if !items.is_empty() => items,
        _ => vec![Value::Object(Map::new())],
    };
    if expected.len() > items.len() {
        bail!("evaluations {at} expects {} answers to {} questions", expected.len(), items.len());
    }
    let pairs = items.into_iter().zip(expected).enumerate();
    let case = |(nth, (item, Expected { decision })): (usize, (Value, Expected))| {
        let Value::Object(item) = item else {
            bail!("question {} of evaluations {at} is no object", nth + 1)
        };
        let whole: Map<_, _> = request.clone().into_iter().chain(item).collect();
        let name = format!("evaluations {at}.{}", nth + 1);
        Ok(Case { name, request: Value::Object(whole), expected: decision })
    };
    pairs.map(case).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Case, parse};

    #[test]
    fn bodies_are_taken_apart_into_whole_questions() {
        let file = json!({
            "evaluation": [{"request": {"action": {"name": "a"}}, "expected": true}],
            "evaluations": [{
                "request": {
                    "subject": {"id": "x"},
                    "action": {"name": "a"},
                    "options": {"evaluations_semantic": "deny_on_first_deny"},
                    "evaluations": [{"resource": {"id": "1"}}, {"action": {"name": "b"}}, {"action": {"name": "c"}}]
                },
                "expected": [{"decision": true}, {"decision": false}]
            }]
        });
        let case = |name: &str, request, expected| Case { name: name.to_owned(), request, expected };
        let expected = [
            case("evaluation 1", json!({"action": {"name": "a"}}), true),
            case(
                "evaluations 1.1",
                json!({"subject": {"id": "x"}, "action": {"name": "a"}, "resource": {"id": "1"}}),
                true,
            ),
            case("evaluations 1.2", json!({"subject": {"id": "x"}, "action": {"name": "b"}}), false),
        ];
        assert_eq!(parse(&file.to_string()).unwrap(), expected);
    }

    #[test]
    fn what_is_no_case_is_named() {
        let refused = |text: &str| parse(text).unwrap_err().to_string();
        assert!(refused(r#"{"cases":[]}"#).contains("unknown field `cases`"));
        let short = r#"{"evaluations":[{"request":{"evaluations":[{}]},"expected":[{"decision":true},{"decision":true}]}]}"#;
        assert_eq!(refused(short), "evaluations 1 expects 2 answers to 1 questions");
    }
}
