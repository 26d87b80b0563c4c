//! What answers of AWS have in common: how fields, lists, dates, tags and names of resources are written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use doorward_model::reject::RejectReason;
use doorward_model::time::Time;

use crate::cloudtrail::spoken_time;
use crate::json::value::Value;

/// The value of a field. AWS Config writes the same names as the services do, with a small first letter or in other
/// case.
pub(crate) fn get<'a>(value: Value<'a>, name: &str) -> Option<Value<'a>> {
    value.fields().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The value at the end of a path of fields, where a list stands for its first item.
pub(crate) fn at<'a>(value: Value<'a>, path: &[&str]) -> Option<Value<'a>> {
    path.iter().try_fold(value, |value, name| get(value.items().next()?, name))
}

/// The scalar of a field; empty when it is not there.
pub(crate) fn text<'a>(value: Value<'a>, name: &str) -> Cow<'a, str> {
    get(value, name).map(Value::scalar).unwrap_or_default()
}

/// The scalar at the end of a path; empty when it is not there.
pub(crate) fn text_at(value: Value<'_>, path: &[&str]) -> String {
    let found = at(value, path).and_then(|found| found.items().next());
    found.map(Value::scalar).unwrap_or_default().into_owned()
}

/// The items of a list, which may be absent or null, but not something else.
pub(crate) fn list<'a>(
    value: Value<'a>,
    name: &str,
) -> Result<impl Iterator<Item = Value<'a>> + use<'a>, RejectReason> {
    match get(value, name) {
        None => Ok(Value::NULL.items()),
        Some(list) if list.raw().starts_with('[') || list.raw() == "null" => Ok(list.items()),
        Some(_) => Err(RejectReason::Field(format!("{name} of the export is no list"))),
    }
}

/// The text of a field that has to be there.
pub(super) fn needed(value: Value<'_>, name: &str, of: &str) -> Result<String, RejectReason> {
    match text(value, name) {
        text if text.is_empty() => {
            Err(RejectReason::Field(format!("{name} is missing in {of} of the export")))
        }
        text => Ok(text.into_owned()),
    }
}

/// A date: RFC 3339, seconds since the epoch, or as CloudTrail writes it.
pub(super) fn date(value: Value<'_>, name: &str) -> Option<Time> {
    let field = get(value, name)?;
    let said = field.scalar();
    Time::parse(&said).ok().or_else(|| seconds(&said)).or_else(|| spoken_time(&said))
}

fn seconds(said: &str) -> Option<Time> {
    let (whole, part) = said.split_once('.').unwrap_or((said, ""));
    let seconds: u32 = whole.parse().ok()?;
    let ms: i64 = format!("{part:0<3}").get(..3)?.parse().ok()?;
    Some(Time::from_ms(i64::from(seconds) * 1_000 + ms))
}

/// Tags, as a list of keys with values or as an object.
pub(crate) fn tags(value: Value<'_>, name: &str) -> Result<BTreeMap<String, String>, RejectReason> {
    let Some(tags) = get(value, name) else { return Ok(BTreeMap::new()) };
    if tags.is_object() {
        let pair = |(key, value): (Cow<'_, str>, Value<'_>)| (key.into_owned(), value.scalar().into_owned());
        return Ok(tags.fields().map(pair).collect());
    }
    let part = |tag, names: [&str; 2]| {
        let [one, other] = names.map(|name| text(tag, name));
        if one.is_empty() { other } else { one }.into_owned()
    };
    let pair = |tag| (part(tag, ["Key", "TagKey"]), part(tag, ["Value", "TagValue"]));
    Ok(list(value, name)?.map(pair).collect())
}

/// The parts of an ARN, as the page "Amazon Resource Names (ARNs)" defines them; empty parts of what is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub(crate) partition: &'a str,
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().unwrap_or_default();
        if next() != "arn" {
            return Self::default();
        }
        Self { partition: next(), service: next(), region: next(), account: next(), resource: next() }
    }

    /// The last part of what it names.
    pub(crate) fn name(self) -> &'a str {
        self.resource.rsplit(['/', ':']).next().unwrap_or(self.resource)
    }
}

/// The partition that a region lies in, by the names of regions.
pub(crate) fn partition_of(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_form() {
        let read = |said: &str| date(Value::new(&format!("{{\"at\":{said}}}")), "At").map(Time::ms);
        assert_eq!(
            [
                "\"2026-01-01T00:00:00Z\"",
                "\"2026-01-01 00:00:00+00:00\"",
                "1767225600",
                "1767225600.25",
                "\"Jan 1, 2026, 0:00:00 AM\"",
                "\"N/A\""
            ]
            .map(read),
            [
                Some(1_767_225_600_000),
                Some(1_767_225_600_000),
                Some(1_767_225_600_000),
                Some(1_767_225_600_250),
                Some(1_767_225_600_000),
                None
            ]
        );
    }

    #[test]
    fn an_arn_is_taken_apart() {
        let arn = Arn::of("arn:aws-cn:lambda:cn-north-1:111122223333:function:a:b");
        assert_eq!(
            arn,
            Arn {
                partition: "aws-cn",
                service: "lambda",
                region: "cn-north-1",
                account: "111122223333",
                resource: "function:a:b"
            }
        );
        assert_eq!(
            (arn.name(), Arn::of("role/a"), Arn::of("arn:aws:s3:::x").name()),
            ("b", Arn::default(), "x")
        );
    }
}
