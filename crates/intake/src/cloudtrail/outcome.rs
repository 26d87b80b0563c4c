//! How a request ended.

use doorward_model::event::Outcome;

use crate::cloudtrail::{Fields, scalar};

/// Parts of error codes, in lower case, that mean want of permission or of proof.
const DENIED: [&str; 14] = [
    "accessdenied",
    "access denied",
    "unauthorized",
    "notauthorized",
    "not authorized",
    "forbidden",
    "authfailure",
    "authorizationerror",
    "authenticationfailure",
    "invalidclienttokenid",
    "signaturedoesnotmatch",
    "expiredtoken",
    "invalidaccesskeyid",
    "optinrequired",
];

/// Parts of error codes, in lower case, that mean too many requests; exhausted quotas are none.
const THROTTLED: [&str; 6] =
    ["throttl", "requestlimitexceeded", "toomanyrequests", "slowdown", "rateexceeded", "ratelimit"];

/// Judges by the error code, and of sign-ins by what they answer.
pub(super) fn outcome(fields: &Fields<'_>, (service, action): (&str, &str)) -> Outcome {
    let code = scalar(fields.error_code).to_ascii_lowercase();
    let says = |marks: &[&str]| marks.iter().any(|mark| code.contains(mark));
    if code.is_empty() || code == "success" {
        return without_code(fields, (service, action));
    }
    if says(&DENIED) {
        Outcome::Denied
    } else if says(&THROTTLED) {
        Outcome::Throttled
    } else {
        Outcome::Failed
    }
}

fn without_code(fields: &Fields<'_>, (service, action): (&str, &str)) -> Outcome {
    let answer = fields.response.filter(|_| service == "signin").and_then(|response| response.field(action));
    if answer.is_some_and(|answer| answer.scalar().eq_ignore_ascii_case("failure")) {
        return Outcome::Denied;
    }
    match scalar(fields.error_message) {
        message if message.is_empty() => Outcome::Success,
        message if message.to_ascii_lowercase().contains("authenticat") => Outcome::Denied,
        _ => Outcome::Failed,
    }
}
