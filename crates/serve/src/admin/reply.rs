//! What questions and commands share: who asks, the query, the body, the reply.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use doorward_model::hash::Hash16;
use doorward_model::time::Time;
use doorward_proof::{Verified, holds_token};
use doorward_views::state::State;
use http::request::Parts as Head;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answers::query::{Query, QueryError};
use crate::answers::version::Version;
use crate::app::{self, App};
use crate::door::{self, Shut};
use crate::handle::{Condition, Idempotency};
use crate::problem::Problem;

/// Somebody who was let in, and when.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) verified: Verified,
    pub(crate) now: Time,
}

impl Guest {
    /// Somebody who may ask.
    pub(crate) fn reader(app: &App, head: &Head) -> Result<Self, Problem> {
        let guest = Self::any(app, head)?;
        guest.verified.reader().map_err(Shut::from)?;
        Ok(guest)
    }

    /// Somebody who may command.
    pub(crate) fn admin(app: &App, head: &Head) -> Result<Self, Problem> {
        let guest = Self::any(app, head)?;
        guest.verified.admin().map_err(Shut::from)?;
        Ok(guest)
    }

    fn any(app: &App, head: &Head) -> Result<Self, Problem> {
        let now = app::now();
        let verified = door::caller(app, &head.headers, now)?;
        let target = [Some(head.uri.path()), head.uri.query()];
        if target.into_iter().flatten().any(holds_token) {
            return Err(Problem::bad(MISPLACED));
        }
        Ok(Self { verified, now })
    }

    /// Under which name a command is recorded.
    pub(crate) fn name(&self) -> String {
        self.verified.name().to_owned()
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        Self::bad(error.to_string())
    }
}

/// The query of a request.
pub(crate) fn query(app: &App, head: &Head, fields: &[&str]) -> Result<Query, Problem> {
    Ok(Query::read(pairs(head)?, fields, app.settings.limits.page_max)?)
}

/// The names and values of the query of a request.
pub(crate) fn pairs(head: &Head) -> Result<Vec<(String, String)>, Problem> {
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&head.uri);
    pairs.map(|pairs| pairs.0).map_err(|_| Problem::bad("the query cannot be read"))
}

/// A body that was read, with the key under which it may be sent again.
#[derive(Debug)]
pub(crate) struct Sent<T> {
    pub(crate) value: T,
    pub(crate) idempotency: Option<Idempotency>,
}

/// The JSON body of a command.
pub(crate) async fn sent<T: DeserializeOwned>(
    app: &App,
    head: &Head,
    body: Body,
) -> Result<Sent<T>, Problem> {
    if !app::is_json(&head.headers) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the content type is not application/json",
        ));
    }
    let body = app.body(body, app.settings.limits.body_bytes_max).await?;
    if holds_token(&String::from_utf8_lossy(&body)) {
        return Err(Problem::bad(MISPLACED));
    }
    let value = serde_json::from_slice(&body)
        .map_err(|error| Problem::bad(format!("the body cannot be read: {error}")))?;
    Ok(Sent { value, idempotency: idempotency(head, &body)? })
}

/// The key of a command, which stands for this very request.
pub(crate) fn idempotency(head: &Head, body: &[u8]) -> Result<Option<Idempotency>, Problem> {
    let Some(value) = head.headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| !key.is_empty() && key.len() <= KEY_BYTES_MAX);
    let key = key.ok_or_else(|| Problem::bad("the idempotency key is no text of 1 to 255 bytes"))?;
    if holds_token(key) {
        return Err(Problem::bad(MISPLACED));
    }
    let request = Hash16::of_parts(&[head.method.as_str().as_bytes(), head.uri.path().as_bytes(), body]);
    Ok(Some(Idempotency { key: key.to_owned(), request }))
}

/// A reply of JSON.
pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Response, Problem> {
    Ok(response(status, bytes(value)?))
}

/// An answer with a tag by which a caller may ask whether it has changed: what it is a version of, and the hash of what
/// is answered, which may change with time alone.
pub(crate) fn tagged<T: Serialize>(
    head: &Head,
    version: &dyn std::fmt::Display,
    value: &T,
) -> Result<Response, Problem> {
    Ok(tagged_file(head, version, (bytes(value)?, JSON)))
}

/// The same of an answer that is written already.
pub(crate) fn tagged_file(
    head: &Head,
    version: &dyn std::fmt::Display,
    (bytes, kind): (Bytes, &'static str),
) -> Response {
    let tag = format!("\"{version}-{}\"", Hash16::of(&bytes));
    let known = app::header(&head.headers, "if-none-match").unwrap_or_default();
    let same = tags(known).any(|known| known == tag || known == "*");
    let mut reply =
        if same { response(StatusCode::NOT_MODIFIED, Bytes::new()) } else { response(StatusCode::OK, bytes) };
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        reply.headers_mut().insert(header::ETAG, tag);
    }
    reply
}

/// The tags of a header, for the weak comparison.
fn tags(header: &str) -> impl Iterator<Item = &str> {
    header.split(',').map(|tag| tag.trim().trim_start_matches("W/"))
}

/// What must be so for a command that was given with `If-Match`: that the thing is still of a version that the caller
/// has seen. Its answers may look different by now all the same: time passes.
pub(crate) fn condition(
    head: &Head,
    version: impl FnOnce(&State) -> Option<Version> + Send + 'static,
) -> Result<Option<Condition>, Problem> {
    let Some(known) = head.headers.get(header::IF_MATCH) else { return Ok(None) };
    let known = known.to_str().map_err(|_| Problem::bad("If-Match cannot be read"))?.to_owned();
    Ok(Some(Box::new(move |state| {
        let Some(version) = version(state).map(|version| version.to_string()) else { return false };
        known.split(',').map(str::trim).any(|tag| {
            let seen = tag.strip_prefix('"').and_then(|tag| tag.split_once('-')).map(|(version, _)| version);
            tag == "*" || seen == Some(version.as_str())
        })
    })))
}

fn bytes<T: Serialize>(value: &T) -> Result<Bytes, Problem> {
    let written = serde_json::to_vec(value).map(Bytes::from);
    written.map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer cannot be written"))
}

/// A reply of JSON that is written already.
pub(crate) fn response(status: StatusCode, bytes: Bytes) -> Response {
    let mut response = Response::new(bytes.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
}

/// What most answers are.
pub(crate) const JSON: &str = "application/json";
const MISPLACED: &str =
    "a whole token stands where a name belongs: name it by its id, and revoke it if others may have seen it";
const KEY_BYTES_MAX: usize = 255;
