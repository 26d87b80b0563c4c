//! The credential that a request handed out.

use std::borrow::Cow;

use doorward_model::event::{Actor, Issued, Outcome};
use doorward_model::time::Time;

use crate::cloudtrail::{ARN_BYTES_MAX, Fields, NAME_BYTES_MAX, kept};
use crate::json::value::Value;

/// Reads the answer of the requests that hand out credentials; what was refused handed out none.
pub(super) fn issued(
    fields: &Fields<'_>,
    (service, action): (&str, &str),
    actor: &Actor,
    outcome: Outcome,
) -> Option<Issued> {
    if outcome != Outcome::Success {
        return None;
    }
    let request = fields.request.unwrap_or(Value::NULL);
    let response = fields.response.unwrap_or(Value::NULL);
    match (service, action) {
        ("sts", "AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity") => {
            let principal = request.scalar_field("roleArn");
            session(response, &path(response, &["assumedRoleUser", "arn"]), &principal)
        }
        ("sts", "AssumeRoot") => {
            let root = root_arn(&request.scalar_field("targetPrincipal"), actor);
            session(response, &root, &root)
        }
        ("sts", "GetSessionToken") => session(response, &actor.arn, behind(actor)),
        ("sts", "GetFederationToken") => {
            session(response, &path(response, &["federatedUser", "arn"]), behind(actor))
        }
        ("rolesanywhere", "CreateSession") => of_certificate(request, response),
        ("iam", "CreateAccessKey") => access_key(request, response, actor),
        ("iam", "CreateLoginProfile" | "UpdateLoginProfile") => Some(password(request, actor)),
        _ => None,
    }
}

fn path<'a>(value: Value<'a>, names: &[&str]) -> Cow<'a, str> {
    value.path(names).map(Value::scalar).unwrap_or_default()
}

/// Who is behind the caller: the issuer of its session, or itself.
fn behind(actor: &Actor) -> &str {
    if actor.issuer_arn.is_empty() { &actor.arn } else { &actor.issuer_arn }
}

fn session(response: Value<'_>, holder: &str, principal: &str) -> Option<Issued> {
    let credentials = response.field("credentials")?;
    let access_key_id = credentials.scalar_field("accessKeyId");
    if access_key_id.is_empty() {
        return None;
    }
    Some(Issued {
        access_key_id: kept(&access_key_id, NAME_BYTES_MAX),
        holder_arn: kept(holder, ARN_BYTES_MAX),
        principal: kept(principal, ARN_BYTES_MAX),
        expires_at_ms: expiry(&credentials.scalar_field("expiration")),
    })
}

fn of_certificate(request: Value<'_>, response: Value<'_>) -> Option<Issued> {
    let set = response.field("credentialSet")?.items().next()?;
    let principal = match path(set, &["roleArn"]) {
        role if role.is_empty() => request.scalar_field("roleArn"),
        role => role,
    };
    session(set, &path(set, &["assumedRoleUser", "arn"]), &principal)
}

fn access_key(request: Value<'_>, response: Value<'_>, actor: &Actor) -> Option<Issued> {
    let access_key_id = path(response, &["accessKey", "accessKeyId"]);
    if access_key_id.is_empty() {
        return None;
    }
    let of_answer = path(response, &["accessKey", "userName"]);
    let name = if of_answer.is_empty() { request.scalar_field("userName") } else { of_answer };
    let holder = user_arn(&name, actor);
    Some(Issued {
        access_key_id: kept(&access_key_id, NAME_BYTES_MAX),
        principal: holder.clone(),
        holder_arn: holder,
        expires_at_ms: 0,
    })
}

fn password(request: Value<'_>, actor: &Actor) -> Issued {
    let holder = user_arn(&request.scalar_field("userName"), actor);
    Issued { principal: holder.clone(), holder_arn: holder, ..Issued::default() }
}

/// The ARN of a user of the caller's account. The record does not say the path, except for the caller itself.
fn user_arn(name: &str, actor: &Actor) -> String {
    if name.is_empty() || name == actor.user_name {
        return behind(actor).to_owned();
    }
    kept(&format!("arn:{}:iam::{}:user/{name}", partition(&actor.arn), actor.account), ARN_BYTES_MAX)
}

fn root_arn(account_or_arn: &str, actor: &Actor) -> String {
    if account_or_arn.starts_with("arn:") {
        return account_or_arn.to_owned();
    }
    format!("arn:{}:iam::{account_or_arn}:root", partition(&actor.arn))
}

fn partition(arn: &str) -> &str {
    arn.split(':').nth(1).filter(|partition| !partition.is_empty()).unwrap_or("aws")
}

/// Reads RFC 3339, and the form that CloudTrail writes: `Jul 10, 2023 12:45:00 PM`, with a comma behind the year
/// in newer records.
fn expiry(text: &str) -> i64 {
    let is_numeric = text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-'));
    let time = if is_numeric { Time::parse(text).ok() } else { spoken_time(text) };
    time.map_or(0, Time::ms)
}

pub(crate) fn spoken_time(text: &str) -> Option<Time> {
    // Newer Java versions put a narrow no-break space before AM and PM.
    let mut words = text
        .split(|char: char| char == ',' || char == '\u{202f}' || char.is_whitespace())
        .filter(|word| !word.is_empty());
    let (month, day, year) = (month(words.next()?)?, words.next()?, words.next()?);
    let mut clock = words.next()?.split(':');
    let (hour, minute, second) = (clock.next()?.parse::<u8>().ok()?, clock.next()?, clock.next()?);
    let hour = match words.next()? {
        "AM" if hour <= 12 => hour % 12,
        "PM" if hour <= 12 => hour % 12 + 12,
        _ => return None,
    };
    Time::parse(&format!("{year}-{month:02}-{day:0>2}T{hour:02}:{minute:0>2}:{second:0>2}Z")).ok()
}

fn month(name: &str) -> Option<usize> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    MONTHS.iter().position(|month| *month == name).map(|place| place + 1)
}
