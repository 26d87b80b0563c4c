//! The door: who sends a request, and whether they may.

use doorward_model::time::Time;
use doorward_proof::{Missing, Refused, Verified, loopback_pep, verify};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};

use crate::app::{App, Peer};
use crate::metrics::Why;

/// Why somebody is not let in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Shut {
    /// Nobody is known by what they showed, if they showed anything.
    Unknown,
    /// They may not do this.
    Forbidden(Missing),
}

impl Shut {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
        }
    }

    /// What the caller is told: never why a credential was refused.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Unknown => "a valid token is needed: Authorization: Bearer dw_...".to_owned(),
            Self::Forbidden(missing) => missing.to_string(),
        }
    }

    /// The value of `WWW-Authenticate`.
    pub(crate) const fn challenge(&self) -> &'static str {
        match self {
            Self::Unknown => r#"Bearer realm="doorward""#,
            Self::Forbidden(_) => r#"Bearer realm="doorward", error="insufficient_scope""#,
        }
    }
}

impl From<Missing> for Shut {
    fn from(missing: Missing) -> Self {
        Self::Forbidden(missing)
    }
}

/// Who sends a request, by the token that it carries.
pub(crate) fn caller(app: &App, headers: &HeaderMap, now: Time) -> Result<Verified, Shut> {
    let Some(presented) = bearer(headers) else {
        return Err(refused(app, "missing"));
    };
    verify(&app.handle.tokens.load(), presented, now).map_err(|why| {
        let reason = match why {
            Refused::Malformed => "malformed",
            Refused::Checksum => "checksum",
            Refused::Unknown => "unknown",
            Refused::Foreign => "foreign",
            Refused::Revoked => "revoked",
            Refused::Expired => "expired",
        };
        refused(app, reason)
    })
}

/// Who asks for a decision: by token, or as `loopback` without one where that is configured.
pub(crate) fn asker(app: &App, request: &Parts, now: Time) -> Result<Verified, Shut> {
    let without = app.settings.open_on_loopback && !request.headers.contains_key(header::AUTHORIZATION);
    if without && is_plainly_local(request) {
        return Ok(loopback_pep());
    }
    caller(app, &request.headers, now)
}

/// Whether a request comes from this machine, meant for this machine, and not through a proxy or a browser that was
/// led here under another name.
pub(crate) fn is_plainly_local(request: &Parts) -> bool {
    let from_here =
        request.extensions.get::<Peer>().is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
    let forwarded = FORWARDED.iter().any(|name| request.headers.contains_key(*name));
    from_here && !forwarded && authority(request).is_some_and(is_loopback_name)
}

/// The host and port that a request is meant for.
pub(crate) fn authority(request: &Parts) -> Option<&str> {
    let said = request.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    request.uri.authority().map(http::uri::Authority::as_str).or(said)
}

fn is_loopback_name(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<http::uri::Authority>() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

fn refused(app: &App, reason: &'static str) -> Shut {
    app.handle.metrics.refused.get_or_create(&Why { reason }).inc();
    Shut::Unknown
}

const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];
