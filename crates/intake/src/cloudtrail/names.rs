//! Service and action as permissions name them.

use doorward_model::event::ActionClass;
use doorward_model::reject::RejectReason;

use crate::class;
use crate::client::cut;
use crate::cloudtrail::{Fields, NAME_BYTES_MAX, scalar};
use crate::json::value::Value;
use crate::remembered::Recent;

/// Behind the names of services, sometimes with the ending of a partition behind it.
const DOMAIN: &str = ".amazonaws.com";

/// Event sources whose permissions have another prefix, sorted.
const PREFIXES: [(&str, &str); 25] = [
    ("appstream2", "appstream"),
    ("bedrock-agent", "bedrock"),
    ("bedrock-agent-runtime", "bedrock"),
    ("bedrock-runtime", "bedrock"),
    ("catalog.marketplace", "aws-marketplace"),
    ("data.iot", "iot"),
    ("data.mediastore", "mediastore"),
    ("edgelambda", "lambda"),
    ("email", "ses"),
    ("entitlement.marketplace", "aws-marketplace"),
    ("iotdata", "iot"),
    ("metering.marketplace", "aws-marketplace"),
    ("models-v2-lex", "lex"),
    ("models.lex", "lex"),
    ("monitoring", "cloudwatch"),
    ("mturk-requester", "mechanicalturk"),
    ("personalize-runtime", "personalize"),
    ("replicator.lambda", "lambda"),
    ("runtime-v2-lex", "lex"),
    ("runtime.lex", "lex"),
    ("runtime.sagemaker", "sagemaker"),
    ("sso-oauth", "sso-oauth"),
    ("streams.dynamodb", "dynamodb"),
    ("tagging", "tag"),
    ("waf-regional", "waf-regional"),
];

/// The permission that a record is of.
pub(crate) struct Permission {
    /// Its prefix.
    pub(super) service: String,
    pub(super) action: String,
    /// What the action does, where these two tell.
    pub(super) class: Option<ActionClass>,
}

impl Permission {
    fn of(service: String, action: &str) -> Self {
        Self { class: class::class(&service, action), service, action: action.to_owned() }
    }
}

/// Reads the permission that a record is of, into `known` where it is not there yet.
pub(super) fn permission<'a>(
    fields: &Fields<'_>,
    known: &'a mut Recent<Permission>,
    room: &mut String,
) -> Result<&'a Permission, RejectReason> {
    room.clear();
    for value in [fields.source, fields.name] {
        room.push_str(value.map_or("", Value::raw));
        room.push(',');
    }
    let (source, name) = (scalar(fields.source), scalar(fields.name));
    if fields.insight.is_some() && name.is_empty() {
        return Ok(known.of(INSIGHT, |_| Permission::of("cloudtrail".to_owned(), "Insight")));
    }
    if source.is_empty() {
        return Err(RejectReason::Field("eventSource is missing".to_owned()));
    }
    if name.is_empty() {
        return Err(RejectReason::Field("eventName is missing".to_owned()));
    }
    Ok(known.of(room, |_| Permission::of(service(&source), cut(action(&name), NAME_BYTES_MAX))))
}

/// By this the permission of insights is remembered, which needs neither source nor name.
const INSIGHT: &str = "insight";

fn service(source: &str) -> String {
    let name = match source.strip_suffix(DOMAIN) {
        Some(name) if !name.contains('.') => name,
        _ => source.split_once(DOMAIN).map_or(source, |(name, _)| name),
    };
    let known = PREFIXES.binary_search_by_key(&name, |(from, _)| from);
    let prefix = known.ok().and_then(|place| PREFIXES.get(place)).map_or(name, |(_, to)| to);
    cut(prefix, NAME_BYTES_MAX).to_ascii_lowercase()
}

/// The name without the version of the API that Lambda, CloudFront and others put behind it:
/// `UpdateFunctionConfiguration20150331v2`, `ListDistributions2017_03_25`.
fn action(name: &str) -> &str {
    let digits = |text: &str| text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let before = |text: &str, count: usize| {
        text.len().checked_sub(count).and_then(|end| name.get(..end)).unwrap_or_default()
    };
    let unversioned = match before(name, digits(name)).strip_suffix('v') {
        Some(rest) if digits(name) > 0 && digits(rest) >= 8 => rest,
        _ => name,
    };
    let date = before(unversioned, 8);
    if digits(unversioned) == 8 && is_year(unversioned.get(date.len()..)) && !date.is_empty() {
        return date;
    }
    let dated = before(unversioned, 10);
    match unversioned.get(dated.len()..).map(str::as_bytes) {
        Some([year @ .., b'_', a, b, b'_', c, d])
            if is_year(std::str::from_utf8(year).ok())
                && [a, b, c, d].iter().all(|byte| byte.is_ascii_digit())
                && !dated.is_empty() =>
        {
            dated
        }
        _ => name,
    }
}

fn is_year(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.starts_with("20") && text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::PREFIXES;

    #[test]
    fn the_prefixes_are_sorted() {
        assert!(PREFIXES.is_sorted_by(|one, next| one.0 < next.0));
    }
}
