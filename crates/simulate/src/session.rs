//! Credentials and the `userIdentity` that CloudTrail writes for each kind of caller.

use std::sync::Arc;

use doorward_model::time::{Millis, Time};

use crate::random::{Random, Stream, nth};
use crate::record::{Caller, Detail, Who};
use crate::text::{join, write_time};

const BASE32: [u8; 32] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A session of a role: the credential and what it says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The account of the role.
    pub(crate) account: Arc<str>,
    /// The role's path and name: `/deploy`, `/aws-reserved/sso.amazonaws.com/X`.
    pub(crate) role: Arc<str>,
    /// The role's unique id.
    pub(crate) role_id: Arc<str>,
    /// The session's name.
    pub(crate) name: Arc<str>,
    /// The access key id.
    pub(crate) key: String,
    /// When it began.
    pub(crate) since: Time,
    /// How long it holds.
    pub(crate) holds: Millis,
    /// What else its context says, as JSON members that begin with a comma.
    pub(crate) context: Arc<str>,
    /// Who acts through the role for a service, as JSON members that begin with a comma.
    pub(crate) beside: &'static str,
}

impl Session {
    /// The role's name without its path.
    pub(crate) fn role_name(&self) -> &str {
        self.role.rsplit_once('/').map_or(&*self.role, |(_, name)| name)
    }

    /// The role's ARN.
    pub(crate) fn role_arn(&self) -> String {
        format!("arn:aws:iam::{}:role{}", self.account, self.role)
    }

    /// The session's ARN.
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:sts::{}:assumed-role/{}/{}", self.account, self.role_name(), self.name)
    }

    /// Appends the `userIdentity` of a call within the session.
    pub(crate) fn write_user_identity(&self, out: &mut Vec<u8>) {
        let Self { account, role, role_id, name, key, since, context, beside, .. } = self;
        let role_name = self.role_name();
        join(out, &[r#"{"type":"AssumedRole","principalId":""#, role_id, ":", name]);
        join(out, &[r#"","arn":"arn:aws:sts::"#, account, ":assumed-role/", role_name, "/", name]);
        join(out, &[r#"","accountId":""#, account, r#"","accessKeyId":""#, key]);
        join(out, &[r#"","sessionContext":{"sessionIssuer":{"type":"Role","principalId":""#, role_id]);
        join(out, &[r#"","arn":"arn:aws:iam::"#, account, ":role", role, r#"","accountId":""#, account]);
        join(out, &[r#"","userName":""#, role_name, r#""},"attributes":{"creationDate":""#]);
        write_time(*since, out);
        join(out, &[r#"","mfaAuthenticated":"false"}"#, context, "}", beside, "}"]);
    }

    /// What the call says that opens the session; `more` are further members of its request.
    pub(crate) fn opening(self: &Arc<Self>, more: &str) -> Detail {
        let request = (!more.is_empty()).then(|| more.into());
        Detail { request, opens: Some(Arc::clone(self)), ..Detail::default() }
    }

    /// The same, with request, response and role written out.
    pub(crate) fn opened(&self, opening: &Detail) -> Detail {
        let (name, key, role_id, arn, role_arn) =
            (&self.name, &self.key, &self.role_id, self.arn(), self.role_arn());
        let (seconds, more) = (self.holds.0 / 1_000, opening.request.as_deref().unwrap_or_default());
        let expiration = long_date(self.since + self.holds);
        // What stands here for a token opens nothing: it is made of the key id, so that redaction has work to do.
        let token = format!("IQoJb3JpZ2luX2VjE{}{}==", key.repeat(3), key.to_ascii_lowercase());
        let request = format!(
            r#"{{"roleArn":"{role_arn}","roleSessionName":"{name}","durationSeconds":{seconds}{more}}}"#
        );
        let response = format!(
            r#"{{"credentials":{{"accessKeyId":"{key}","sessionToken":"{token}","expiration":"{expiration}"}},"assumedRoleUser":{{"assumedRoleId":"{role_id}:{name}","arn":"{arn}"}}}}"#
        );
        Detail {
            request: Some(request.into()),
            response: Some(response.into()),
            role: Some(role_arn.into()),
            opens: None,
            additional: None,
            ..*opening
        }
    }
}

/// `Oct 5, 2026, 9:03:07 AM`, as STS writes dates in responses.
fn long_date(at: Time) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = at.to_string();
    let number = |from: usize| {
        text.get(from..from + 2).and_then(|digits| digits.parse::<u64>().ok()).unwrap_or_default()
    };
    let (year, month, day, hour) = (text.get(..4).unwrap_or_default(), number(5), number(8), number(11));
    let month = nth(&MONTHS, month.saturating_sub(1));
    let (hour12, half) = (if hour % 12 == 0 { 12 } else { hour % 12 }, if hour < 12 { "AM" } else { "PM" });
    format!("{month} {day}, {year}, {hour12}:{:02}:{:02} {half}", number(14), number(17))
}

/// An access key id or unique id: a prefix and 16 or 17 letters and digits.
pub(crate) fn unique_id(prefix: &str, seed: u64, stream: Stream, parts: &[u64]) -> String {
    let mut random = Random::of(seed, stream, parts);
    let length = if prefix.starts_with("AR")
        || prefix.starts_with("AI")
        || prefix.starts_with("AG")
        || prefix == "ANPA"
    {
        17
    } else {
        16
    };
    let mut id = String::with_capacity(prefix.len() + length);
    id.push_str(prefix);
    let mut bits = 0;
    for place in 0..length {
        if place % 12 == 0 {
            bits = random.bits();
        }
        id.push(char::from(nth(&BASE32, bits & 31)));
        bits >>= 5;
    }
    id
}

/// The caller who is an AWS service acting for itself.
pub(crate) fn service(name: &str) -> Caller {
    let host = format!("{name}.amazonaws.com");
    Caller {
        who: said(format!(r#"{{"type":"AWSService","invokedBy":"{host}"}}"#)),
        address: host.as_str().into(),
        agent: host.into(),
        ..Caller::default()
    }
}

/// The caller who is a user with a key of its own.
pub(crate) fn user(account: &str, name: &str, user_id: &str, key: &str) -> Caller {
    let arn = format!("arn:aws:iam::{account}:user/{name}");
    let user_identity = format!(
        r#"{{"type":"IAMUser","principalId":"{user_id}","arn":"{arn}","accountId":"{account}","accessKeyId":"{key}","userName":"{name}"}}"#
    );
    Caller {
        identity: arn.as_str().into(),
        who: Who::Said { user_identity, arn },
        tls: true,
        ..Caller::default()
    }
}

/// The caller of another account, of whom this account's log knows no more than the account and the unique id.
pub(crate) fn other_account(account: &str, principal_id: &str) -> Caller {
    Caller {
        who: said(format!(
            r#"{{"type":"AWSAccount","principalId":"{principal_id}","accountId":"{account}"}}"#
        )),
        tls: true,
        ..Caller::default()
    }
}

/// A pipeline run that shows the token of its code host.
pub(crate) fn web_identity(account: &str, subject: &str) -> Caller {
    let provider = provider(account);
    Caller {
        who: said(format!(
            r#"{{"type":"WebIdentityUser","principalId":"{provider}:sts.amazonaws.com:{subject}","userName":"{subject}","identityProvider":"{provider}"}}"#
        )),
        tls: true,
        ..Caller::default()
    }
}

/// The provider through which an account trusts the code host.
pub(crate) fn provider(account: &str) -> String {
    format!("arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com")
}

/// A person at the moment of the SAML assertion that opens a session.
pub(crate) fn saml(account: &str, email: &str, provider_id: &str) -> Caller {
    Caller {
        who: said(format!(
            r#"{{"type":"SAMLUser","principalId":"{provider_id}:{email}","userName":"{email}","identityProvider":"{provider_id}"}}"#
        )),
        identity: format!("idc:{account}/{email}").into(),
        ..Caller::default()
    }
}

/// A person before any role: as Identity Center itself sees them.
pub(crate) fn directory_person(account: &str, user_id: &str, store: &str) -> Caller {
    Caller {
        who: said(format!(
            r#"{{"type":"IdentityCenterUser","accountId":"{account}","onBehalfOf":{{"userId":"{user_id}","identityStoreArn":"arn:aws:identitystore::{account}:identitystore/{store}"}},"credentialId":"{user_id}"}}"#
        )),
        tls: true,
        ..Caller::default()
    }
}

/// A caller within a session.
pub(crate) fn within(session: &Arc<Session>, identity: &str, address: Arc<str>, agent: Arc<str>) -> Caller {
    let who = Who::Session(Arc::clone(session));
    Caller { who, identity: identity.into(), address, agent, tls: true, ..Caller::default() }
}

/// Somebody whom refusals do not name.
pub(crate) fn said(user_identity: String) -> Who {
    Who::Said { user_identity, arn: String::new() }
}

#[cfg(test)]
mod tests {
    use doorward_model::time::Time;

    use super::{long_date, unique_id};
    use crate::random::Stream;

    #[test]
    fn dates_in_responses_are_long() {
        let dates = ["2026-10-05T09:03:07Z", "2026-12-31T00:59:00Z", "2026-01-01T12:00:00Z"];
        assert_eq!(
            dates.map(|text| Time::parse(text).map(long_date)),
            [
                Ok("Oct 5, 2026, 9:03:07 AM".to_owned()),
                Ok("Dec 31, 2026, 12:59:00 AM".to_owned()),
                Ok("Jan 1, 2026, 12:00:00 PM".to_owned())
            ]
        );
    }

    #[test]
    fn ids_have_the_lengths_of_the_platform() {
        let lengths = ["AKIA", "ASIA", "AROA", "AIDA", "ANPA"]
            .map(|prefix| unique_id(prefix, 1, Stream::UniqueId, &[7]).len());
        assert_eq!(lengths, [20, 20, 21, 21, 21]);
    }
}
