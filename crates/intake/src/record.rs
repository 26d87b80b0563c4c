//! What one cleaned value is: a CloudTrail record, one inside of something else, or a record of another family.

use doorward_model::event::Event;
use doorward_model::reject::RejectReason;

use crate::inventory::Form;
use crate::json::lexer::{Lexer, Signal};
use crate::json::splitter::Cleaned;
use crate::json::text;
use crate::json::value::Value;
use crate::remembered::Remembered;
use crate::{cloudtrail, inventory, other};

/// What a value turned out to be.
pub(crate) enum Found {
    /// A record, with the key of the object around it.
    Event { event: Box<Event>, wrapper: Option<String> },
    /// No record, or one that cannot be read.
    Reject { reason: RejectReason, wrapper: Option<String> },
    /// A thing that lies in log buckets and is no audit record, unwrapped.
    NotAudit { kind: &'static str },
    /// A single thing that is no record: a message of the transport, or an answer of AWS that is not read.
    Aside { kind: String },
    /// A page of an export.
    Export,
    /// Something else that tells what exists.
    Inventory { form: Form },
}

/// Lists that are part of a documented form, and so no wrapper worth telling of.
pub(crate) const PLAIN_LISTS: [&str; 4] = ["Records", "Events", "logEvents", "events"];

/// Whether a value is an audit record of some family, so that the list that it begins is one of records.
pub(crate) fn is_record(cleaned: &[u8], depth_max: usize) -> bool {
    let Ok(text) = std::str::from_utf8(cleaned) else { return false };
    let value = Value::new(text);
    if !value.is_object() {
        return false;
    }
    let wrapped = |(_, inner): (_, Value<'_>)| {
        cloudtrail::Fields::of(inner).is_shaped() || holds_record(inner, depth_max)
    };
    cloudtrail::Fields::of(value).is_shaped() || other::family(value).is_some() || value.fields().any(wrapped)
}

/// Whether a string holds a CloudTrail record as JSON.
fn holds_record(value: Value<'_>, depth_max: usize) -> bool {
    let cleaned = embedded(value).and_then(|inner| clean(&inner, depth_max).ok());
    cleaned.is_some_and(|inner| cloudtrail::Fields::of(Value::new(&inner)).is_shaped())
}

/// Reads one cleaned value.
pub(crate) fn read(record: Cleaned<'_>, depth_max: usize, remembered: &mut Remembered) -> Found {
    let Ok(text) = simdutf8::basic::from_utf8(record.bytes) else {
        let reason = RejectReason::Encoding("the record is not UTF-8 text".to_owned());
        return Found::Reject { reason, wrapper: None };
    };
    let value = if record.is_plain { Value::plain(text) } else { Value::new(text) };
    if !value.is_object() {
        return unrecognised("a value that is no object");
    }
    let fields = cloudtrail::Fields::outlined(value, record.outline);
    if fields.is_shaped() {
        return event(&fields, value, None, remembered);
    }
    if let Some(kind) = other::not_audit(value) {
        return Found::NotAudit { kind };
    }
    if other::is_export(value) {
        return Found::Export;
    }
    if let Some(form) = inventory::form(value) {
        return Found::Inventory { form };
    }
    if let Some(found) = value.fields().find_map(|(key, inner)| wrapped(&key, inner, depth_max, remembered)) {
        return found;
    }
    if fields.is_nearly_shaped() {
        return event(&fields, value, None, remembered);
    }
    if let Some(name) = other::family(value) {
        return unsupported(&name);
    }
    nearly_wrapped(value, remembered).unwrap_or_else(|| match other::wrapped_family(value) {
        Some(name) => unsupported(&name),
        None => inventory::unread(value)
            .map_or_else(|| unrecognised("an object of no known form"), |kind| Found::Aside { kind }),
    })
}

/// A record inside of another object that lacks something it needs.
fn nearly_wrapped(value: Value<'_>, remembered: &mut Remembered) -> Option<Found> {
    value.fields().find_map(|(key, inner)| {
        let fields = cloudtrail::Fields::of(inner);
        fields.is_nearly_shaped().then(|| event(&fields, inner, Some(&key), remembered))
    })
}

fn unsupported(name: &str) -> Found {
    let reason = RejectReason::SourceNotSupported(name.chars().take(64).collect());
    Found::Reject { reason, wrapper: None }
}

fn unrecognised(what: &str) -> Found {
    Found::Reject { reason: RejectReason::Unrecognised(what.to_owned()), wrapper: None }
}

fn event(
    fields: &cloudtrail::Fields<'_>,
    value: Value<'_>,
    wrapper: Option<&str>,
    remembered: &mut Remembered,
) -> Found {
    let wrapper = wrapper.map(str::to_owned);
    match cloudtrail::event(fields, value, remembered) {
        Ok(event) => Found::Event { event, wrapper },
        Err(reason) => Found::Reject { reason, wrapper },
    }
}

/// A CloudTrail record in a field of another object, as an object or as JSON in a string.
fn wrapped(key: &str, inner: Value<'_>, depth_max: usize, remembered: &mut Remembered) -> Option<Found> {
    if inner.is_object() {
        let fields = cloudtrail::Fields::of(inner);
        return fields.is_shaped().then(|| event(&fields, inner, Some(key), remembered));
    }
    if inner.raw().starts_with("\"CWL CONTROL MESSAGE") {
        return Some(Found::Aside { kind: "CloudWatch control message".to_owned() });
    }
    let text = embedded(inner)?;
    let cleaned = match clean(&text, depth_max) {
        Ok(cleaned) => cleaned,
        Err(reason) if text.contains("\"eventSource\"") => {
            return Some(Found::Reject { reason, wrapper: Some(key.to_owned()) });
        }
        Err(_) => return None,
    };
    let value = Value::new(&cleaned);
    let fields = cloudtrail::Fields::of(value);
    fields.is_shaped().then(|| event(&fields, value, Some(key), remembered))
}

/// The text of a string that looks as if it held an object.
fn embedded(value: Value<'_>) -> Option<String> {
    let inner = value.raw().strip_prefix('"')?.strip_suffix('"')?;
    inner.trim_start_matches([' ', '\\', 'n', 'r', 't']).starts_with('{').then(|| text::unescape(inner))
}

/// Checks and cleans a text that should be one JSON value.
pub(crate) fn clean(text: &str, depth_max: usize) -> Result<String, RejectReason> {
    cleaned(text, depth_max, "JSON inside of a string")
}

/// The same of a text that is called so.
pub(crate) fn cleaned(text: &str, depth_max: usize, called: &str) -> Result<String, RejectReason> {
    let broken = |what: &str| RejectReason::Syntax(format!("{what}, in {called}"));
    let mut lexer = Lexer::new(usize::MAX, depth_max);
    let mut at = 0;
    let mut complete = false;
    loop {
        match lexer.next(text.as_bytes(), &mut at) {
            Signal::More => break,
            Signal::Begin(_) if complete => return Err(broken("more than one value")),
            Signal::Begin(_) | Signal::Key => {}
            Signal::End => complete = lexer.level() == 0,
            Signal::Broken(what) => return Err(broken(what)),
        }
    }
    if !complete || !lexer.at_rest() {
        return Err(RejectReason::Truncated(format!("{called} ends inside of a value")));
    }
    if lexer.fault().is_some() {
        return Err(broken("a key that stands twice, or nesting too deep"));
    }
    String::from_utf8(lexer.record().to_vec()).map_err(|_| RejectReason::Encoding("not UTF-8".to_owned()))
}
