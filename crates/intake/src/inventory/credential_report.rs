//! The credential report of IAM: of every user, whether there is a password, a second factor, keys and certificates,
//! and when they were used and replaced, as the page "Getting credential reports for your AWS account" describes it.
//!
//! It is CSV without quotes. The names of users may hold commas, so that a line with more fields than the heading has
//! them in the name and, as often, in the ARN.

use std::ops::Range;

use doorward_model::identity::{Credential, CredentialKind, CredentialState, Identity};
use doorward_model::reject::RejectReason;
use doorward_model::time::Time;

use crate::inventory::aws::{Arn, date, get, text};
use crate::inventory::draft::Draft;
use crate::inventory::form::Top;
use crate::inventory::iam::answer::root;

/// How a report begins.
const HEADING: &[u8] = b"user,arn,user_creation_time,";

/// Whether a text is a report.
pub(crate) fn is_report(text: &[u8]) -> bool {
    text.starts_with(HEADING)
}

/// Whether a value is the answer that holds a report.
pub(super) fn recognises(top: &Top<'_>) -> bool {
    top.get("Content").is_some()
        && top.get("ReportFormat").is_some_and(|format| format.scalar() == "text/csv")
}

/// Reads the answer that holds a report.
pub(super) fn answer(top: &Top<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let content = get(top.value, "Content").map(|content| content.scalar().into_owned()).unwrap_or_default();
    draft.at_ms = date(top.value, "GeneratedTime").map_or(0, Time::ms);
    let report = if is_report(content.as_bytes()) {
        content
    } else {
        let broken = || RejectReason::Encoding("Content of the credential report is no Base64".to_owned());
        let bytes = base64(&text(top.value, "Content")).ok_or_else(broken)?;
        String::from_utf8(bytes)
            .map_err(|_| RejectReason::Encoding("the credential report is not UTF-8 text".to_owned()))?
    };
    read(&report, draft)
}

/// Reads a report.
pub(super) fn read(report: &str, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let mut lines = report.lines().map(|line| line.trim_end_matches('\r')).filter(|line| !line.is_empty());
    let heading: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let mut account = String::new();
    for (number, line) in (2_u64..).zip(lines) {
        let row = Row::of(&heading, line, number)?;
        let own = Arn::of(&row.arn).account;
        if account.is_empty() {
            own.clone_into(&mut account);
        }
        draft.sheet(own);
        if own.is_empty() || own != account {
            let said = format!(
                "line {number} of the credential report is of {:?}, and others of account {account}",
                row.arn
            );
            return Err(RejectReason::Field(said));
        }
        draft.account_of(&row.arn)?;
        row.put(draft);
    }
    Ok(())
}

/// A line by the names of its columns.
struct Row<'a> {
    user: String,
    arn: String,
    heading: &'a [&'a str],
    fields: Vec<&'a str>,
}

impl<'a> Row<'a> {
    fn of(heading: &'a [&'a str], line: &'a str, number: u64) -> Result<Self, RejectReason> {
        let fields: Vec<&str> = line.split(',').collect();
        let wrong = |what: &str| {
            let said = format!("line {number} of the credential report {what}: fetch the report again");
            RejectReason::Field(said)
        };
        let commas = fields.len().checked_sub(heading.len()).filter(|more| more % 2 == 0);
        let commas = commas.ok_or_else(|| {
            wrong(&format!("has {} fields, and its heading {}", fields.len(), heading.len()))
        })? / 2;
        let part = |range: Range<usize>| fields.get(range).unwrap_or_default().join(",");
        let (user, arn) = (part(0..commas + 1), part(commas + 1..2 * commas + 2));
        if !arn.starts_with("arn:") {
            return Err(wrong(&format!("has {arn:?} where an ARN should be")));
        }
        Ok(Self { user, arn, heading, fields: fields.get(2 * commas..).unwrap_or_default().to_vec() })
    }

    /// What a column says; empty where it says nothing, in one of the words that it has for that.
    fn said(&self, column: &str) -> &'a str {
        let place = self.heading.iter().position(|name| *name == column);
        let said = place.and_then(|place| self.fields.get(place)).copied().unwrap_or_default();
        if matches!(said, "N/A" | "no_information" | "not_supported") { "" } else { said }
    }

    fn date(&self, column: &str) -> i64 {
        Time::parse(self.said(column)).map_or(0, Time::ms)
    }

    fn state(&self, column: &str) -> CredentialState {
        let said = self.said(column);
        if said.eq_ignore_ascii_case("true") {
            CredentialState::Active
        } else if said.eq_ignore_ascii_case("false") {
            CredentialState::Inactive
        } else {
            CredentialState::Unknown
        }
    }

    fn put(&self, draft: &mut Draft<'_>) {
        let seen = draft.seen();
        let account = Arn::of(&self.arn).account;
        let root = Identity {
            id: self.arn.clone(),
            created_at_ms: self.date("user_creation_time"),
            last_used_at_ms: self.date("password_last_used"),
            ..root(account, draft)
        };
        let sheet = draft.sheet(account);
        if self.user == "<root_account>" {
            sheet.export.identities.push(root);
        }
        let credentials = self.credentials().map(|credential| Credential { seen: Some(seen), ..credential });
        sheet.export.credentials.extend(credentials);
    }

    fn credentials(&self) -> impl Iterator<Item = Credential> {
        let password = Credential {
            last_used_at_ms: self.date("password_last_used"),
            rotated_at_ms: self.date("password_last_changed"),
            expires_at_ms: self.date("password_next_rotation"),
            ..self.credential("password", CredentialKind::Password, "password_enabled")
        };
        let factor = self.credential("second-factor", CredentialKind::SecondFactor, "mfa_active");
        let keys = ["1", "2"].map(|slot| Credential {
            last_used_at_ms: self.date(&format!("access_key_{slot}_last_used_date")),
            last_used_for: self.said(&format!("access_key_{slot}_last_used_service")).to_owned(),
            rotated_at_ms: self.date(&format!("access_key_{slot}_last_rotated")),
            ..self.credential(
                &format!("access-key-{slot}"),
                CredentialKind::AccessKey,
                &format!("access_key_{slot}_active"),
            )
        });
        let certificates = ["1", "2"].map(|slot| Credential {
            rotated_at_ms: self.date(&format!("cert_{slot}_last_rotated")),
            ..self.credential(
                &format!("certificate-{slot}"),
                CredentialKind::Certificate,
                &format!("cert_{slot}_active"),
            )
        });
        // A place that is not in use holds no key; that there is no password and no second factor says something.
        let in_use = |one: &Credential| one.state() == CredentialState::Active || one.rotated_at_ms != 0;
        let told = |one: &Credential| one.state() != CredentialState::Unknown || one.last_used_at_ms != 0;
        let places = keys.into_iter().chain(certificates).filter(in_use);
        [password, factor].into_iter().filter(told).chain(places).collect::<Vec<_>>().into_iter()
    }

    fn credential(&self, what: &str, kind: CredentialKind, column: &str) -> Credential {
        Credential {
            id: format!("{what}:{}", self.arn),
            kind: kind.into(),
            identity: self.arn.clone(),
            state: self.state(column).into(),
            ..Credential::default()
        }
    }
}

/// The bytes that a text in Base64 stands for, as RFC 4648 defines it; line breaks do not count.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for char in text.bytes().filter(|char| !char.is_ascii_whitespace()) {
        let six = match char {
            b'A'..=b'Z' => char - b'A',
            b'a'..=b'z' => char - b'a' + 26,
            b'0'..=b'9' => char - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xFF).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_decoded() {
        let texts = ["", "YQ==", "YW4=", "YW5k", "YW5k\nYW4=", "YW5kYW5k", "a b!"];
        let decoded = texts.map(|text| base64(text).map(|bytes| String::from_utf8(bytes).unwrap()));
        let expected = [Some(""), Some("a"), Some("an"), Some("and"), Some("andan"), Some("andand"), None];
        assert_eq!(decoded, expected.map(|text| text.map(str::to_owned)));
    }
}
