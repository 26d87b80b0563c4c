//! Policy documents: text in either form, and whom a trust policy trusts.

use std::ops::Range;

use doorward_model::hash::Hash16;
use doorward_model::inventory::{DOCUMENT_BYTES_MAX, PolicyDocument};
use doorward_model::reject::{REJECT_KEPT_BYTES_MAX, Reject, RejectReason};
use percent_encoding::percent_decode_str;

use crate::client::cut;
use crate::json::value::Value;
use crate::record;

/// A document may be nested no deeper than this.
const DEPTH_MAX: usize = 64;

/// The document as text, from an object or from a URL-encoded string; with a reject when it does not parse. Of one
/// that is too large only so much is kept that everybody sees that it is.
pub(super) fn document(name: &str, value: Value<'_>, page: &Range<u64>) -> (PolicyDocument, Option<Reject>) {
    let (text, problem) = read(value);
    let reject = problem.map(|what| rejected(format!("{name}: {what}"), &text, page));
    (PolicyDocument::of(name.to_owned(), limited(text)), reject)
}

/// The text of a document as it is kept.
pub(crate) fn kept(value: Value<'_>) -> String {
    limited(text(value))
}

fn limited(text: String) -> String {
    // A character has no more than four bytes.
    if text.len() > DOCUMENT_BYTES_MAX { cut(&text, DOCUMENT_BYTES_MAX + 4).to_owned() } else { text }
}

/// The text of a document, as far as it can be read.
pub(super) fn text(value: Value<'_>) -> String {
    read(value).0
}

/// Checks and cleans JSON that stood in a string.
pub(super) fn clean(text: &str) -> Result<String, RejectReason> {
    record::clean(text, DEPTH_MAX)
}

/// A reject of a policy, with its text, that stood in these bytes.
pub(super) fn rejected(said: String, text: &str, bytes: &Range<u64>) -> Reject {
    Reject {
        source: String::new(),
        record: 0,
        bytes: bytes.clone(),
        reason: RejectReason::PolicyDocument(said),
        kept: cut(text, REJECT_KEPT_BYTES_MAX).as_bytes().to_vec(),
        hash: Hash16::of(text.as_bytes()),
    }
}

fn read(value: Value<'_>) -> (String, Option<String>) {
    let size = value.raw().len();
    if size > DOCUMENT_BYTES_MAX {
        let problem =
            format!("it has {size} bytes, and AWS takes no policy of more than {DOCUMENT_BYTES_MAX}");
        return (value.raw().to_owned(), Some(problem));
    }
    if value.is_object() {
        let problem = problem(value);
        return (value.raw().to_owned(), problem);
    }
    let Some(encoded) = value.text() else {
        return (value.raw().to_owned(), Some("it is neither an object nor a string".to_owned()));
    };
    // A document that was decoded before starts with a brace, which the encoding never leaves.
    let text = if encoded.trim_start().starts_with('{') {
        encoded.into_owned()
    } else {
        percent_decode_str(&encoded).decode_utf8_lossy().into_owned()
    };
    match record::clean(&text, DEPTH_MAX) {
        Ok(cleaned) => {
            let problem = problem(Value::new(&cleaned));
            (cleaned, problem)
        }
        Err(reason) => (text, Some(reason.to_string())),
    }
}

fn problem(document: Value<'_>) -> Option<String> {
    match document.field("Statement") {
        Some(statement) if statement.items().all(Value::is_object) => None,
        Some(_) => Some("a statement is no object".to_owned()),
        None => Some("it has no statement".to_owned()),
    }
}

/// Whom a trust policy lets in: service names, provider ARNs, account ids, principal ARNs, or `*`.
pub(crate) fn trusted(document: &str) -> Vec<String> {
    let statements = Value::new(document).field("Statement").into_iter().flat_map(Value::items);
    let allowing = statements.filter(|statement| statement.scalar_field("Effect") == "Allow");
    let mut trusted: Vec<String> =
        allowing.filter_map(|statement| statement.field("Principal")).flat_map(principals).collect();
    trusted.sort_unstable();
    trusted.dedup();
    trusted
}

fn principals(principal: Value<'_>) -> Vec<String> {
    if !principal.is_object() {
        return principal.items().map(|one| one.scalar().into_owned()).collect();
    }
    principal
        .fields()
        .flat_map(|(_, named)| named.items())
        .map(|one| account_of_root(&one.scalar()))
        .collect()
}

/// The root of an account stands for the account.
fn account_of_root(principal: &str) -> String {
    match principal.strip_suffix(":root").and_then(|arn| arn.split(':').nth(4)) {
        Some(account) => account.to_owned(),
        None => principal.to_owned(),
    }
}
