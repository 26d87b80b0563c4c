//! Commands, and the things that they are about.

use std::collections::BTreeMap;

use axum::extract::{Path, Request, State as Shared};
use doorward_model::command::Command;
use doorward_model::decision::Pep;
use doorward_model::hold::{Hold, HoldProfile, HoldScope};
use doorward_model::id::FactNumber;
use doorward_model::record::{CONFIGURATION, HoldReleased, PepSet, TokenRevoked, TokenSubject};
use doorward_model::time::Time;
use doorward_proof::{NewToken, Scope, Secret, issue};
use doorward_views::state::State;
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::questions::{Kind, Reply, ask, failed, list, show};
use crate::admin::reply::{Guest, Sent, condition, idempotency, json, query, sent, tagged};
use crate::answers::holds::HoldRow;
use crate::answers::query::Page;
use crate::answers::rest::{PepRow, PolicyRow, SubjectRow, TokenRow};
use crate::answers::version::Version;
use crate::answers::{holds, rest, version};
use crate::app::App;
use crate::handle::{Condition, Done, Idempotency, Terms, Work, WorkError, mode_of};
use crate::policy_files;
use crate::problem::Problem;
use crate::schema::Instant;

/// The routes of commands.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_holds, place_hold))
        .routes(routes!(show_hold))
        .routes(routes!(release_hold))
        .routes(routes!(show_pep, set_pep))
        .routes(routes!(list_tokens, issue_token))
        .routes(routes!(show_token))
        .routes(routes!(revoke_token))
        .routes(routes!(show_policy, publish_policy))
}

/// What a command led to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Carried {
    id: String,
    /// The last fact that it led to: whoever sees it or a later one sees the effect.
    #[schema(value_type = u64)]
    fact: FactNumber,
}

impl From<Done> for Carried {
    fn from(done: Done) -> Self {
        Self { id: done.id, fact: done.fact }
    }
}

/// What is restricted.
#[utoipa::path(
    get,
    path = "/v1/holds",
    tag = "holds",
    security(("token" = ["read"])),
    responses((status = 200, description = "A page.", body = Page<HoldRow>))
)]
async fn list_holds(Shared(app): Shared<App>, request: Request) -> Reply {
    list(&app, request, &holds::FIELDS, holds::holds).await
}

/// A hold, and where it bites.
#[utoipa::path(
    get,
    path = "/v1/holds/{id}",
    tag = "holds",
    security(("token" = ["read"])),
    params(("id" = String, Path, description = "Its id, as one segment of the path.")),
    responses((status = 200, description = "The hold.", body = HoldRow))
)]
async fn show_hold(Shared(app): Shared<App>, Path(id): Path<String>, request: Request) -> Reply {
    show(&app, request, (HOLD, id), holds::hold).await
}

/// The tokens that are valid or have ended, without their secrets.
#[utoipa::path(
    get,
    path = "/v1/tokens",
    tag = "tokens",
    security(("token" = ["read"])),
    responses((status = 200, description = "A page.", body = Page<TokenRow>))
)]
async fn list_tokens(Shared(app): Shared<App>, request: Request) -> Reply {
    list(&app, request, &rest::TOKEN_FIELDS, rest::tokens).await
}

/// A token, without its secret.
#[utoipa::path(
    get,
    path = "/v1/tokens/{id}",
    tag = "tokens",
    security(("token" = ["read"])),
    params(("id" = String, Path, description = "Its id, as one segment of the path.")),
    responses((status = 200, description = "The token.", body = TokenRow))
)]
async fn show_token(Shared(app): Shared<App>, Path(id): Path<String>, request: Request) -> Reply {
    show(&app, request, (TOKEN, id), rest::token).await
}

/// An enforcement point.
#[utoipa::path(
    get,
    path = "/v1/peps/{name}",
    tag = "enforcement points",
    security(("token" = ["read"])),
    params(("name" = String, Path, description = "Its name.")),
    responses((status = 200, description = "The enforcement point.", body = PepRow))
)]
async fn show_pep(Shared(app): Shared<App>, Path(name): Path<String>, request: Request) -> Reply {
    show(&app, request, (PEP, name), |state, name, _| rest::pep_row(state, name)).await
}

/// The policy set that decides, with its files.
#[utoipa::path(
    get,
    path = "/v1/policy",
    tag = "policy",
    security(("token" = ["read"])),
    responses((status = 200, description = "The policy set.", body = PolicyRow))
)]
async fn show_policy(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, _) = request.into_parts();
    let Guest { now, .. } = Guest::reader(&app, &head)?;
    let as_of = query(&app, &head, &[])?.as_of;
    let published =
        ask(&app, (as_of, now), |state, _| (state.control.policy.clone(), version::policy(state)));
    let (Some(published), Some(version)) = published.await? else {
        return Err(Problem::new(StatusCode::NOT_FOUND, "no policy set has been published"));
    };
    let found = app.handle.ask(app.waits(), move |_, journal| rest::policy_of(&published, journal)).await?;
    tagged(&head, &version, &found.map_err(|error| failed(&error))?)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewHold {
    subject: String,
    #[serde(default = "identity")]
    scope: String,
    profile: String,
    reason: String,
    #[schema(value_type = Option<Instant>)]
    expires_at: Option<Time>,
    ttl_s: Option<u32>,
    #[serde(default)]
    acr_values: Vec<String>,
    #[serde(default)]
    max_age_s: u32,
}

fn identity() -> String {
    HoldScope::Identity.word().to_owned()
}

/// Restricts an identity, session, credential, task or tool.
#[utoipa::path(
    post,
    path = "/v1/holds",
    tag = "holds",
    security(("token" = ["admin"])),
    request_body = NewHold,
    responses((status = 201, description = "The hold is in force.", body = HoldRow))
)]
async fn place_hold(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, body) = request.into_parts();
    let guest = Guest::admin(&app, &head)?;
    let Sent { value, idempotency } = sent::<NewHold>(&app, &head, body).await?;
    let mut hold = value.hold(guest.now)?;
    hold.id = id_of("hold", &(app.handle.random)());
    let done = command(&app, &guest, (Command::PlaceHold(hold), idempotency, None)).await?;
    let (id, now) = (done.id.clone(), guest.now);
    let placed = app.handle.ask(app.waits(), move |state, _| holds::hold(state, &id, now)).await?;
    match placed {
        Some(row) => created(&format!("/v1/holds/{}", done.id), &row),
        None => created(&format!("/v1/holds/{}", done.id), &Carried::from(done)),
    }
}

impl NewHold {
    fn hold(self, now: Time) -> Result<Hold, Problem> {
        let scope = HoldScope::ALL.into_iter().find(|scope| scope.word() == self.scope);
        let profile = HoldProfile::ALL.into_iter().find(|profile| profile.word() == self.profile);
        let scope = scope
            .ok_or_else(|| Problem::bad("scope is none of identity, session, credential, task, tool"))?;
        let profile = profile.ok_or_else(|| {
            Problem::bad("profile is none of deny, read-only, baseline-only, step-up, no-delegation")
        })?;
        if self.subject.is_empty() || self.reason.trim().is_empty() {
            return Err(Problem::bad("subject and reason must not be empty"));
        }
        let expires_at = match (self.expires_at, self.ttl_s) {
            (Some(_), Some(_)) => return Err(Problem::bad("give expires_at or ttl_s, not both")),
            (Some(at), None) => at.ms(),
            (None, Some(seconds)) => (now + doorward_model::time::Millis::SECOND.times(seconds.into())).ms(),
            (None, None) => 0,
        };
        Ok(Hold {
            scope: scope.into(),
            subject: self.subject,
            profile: profile.into(),
            reason: self.reason,
            placed_at_ms: now.ms(),
            expires_at_ms: expires_at,
            acr_values: self.acr_values,
            max_age_s: self.max_age_s,
            ..Hold::default()
        })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Because {
    pub(crate) reason: String,
}

/// Takes a restriction away before its time.
#[utoipa::path(
    post,
    path = "/v1/holds/{id}/release",
    tag = "holds",
    security(("token" = ["admin"])),
    params(("id" = String, Path, description = "Its id, as one segment of the path.")),
    request_body = Because,
    responses((status = 200, description = "It is released.", body = Carried))
)]
async fn release_hold(Shared(app): Shared<App>, Path(id): Path<String>, request: Request) -> Reply {
    let (head, body) = request.into_parts();
    let guest = Guest::admin(&app, &head)?;
    let Sent { value, idempotency } = sent::<Because>(&app, &head, body).await?;
    if value.reason.trim().is_empty() {
        return Err(Problem::bad("reason must not be empty"));
    }
    let condition = condition(&head, versioned(HOLD, &id))?;
    let released = HoldReleased { id, by: guest.name(), reason: value.reason };
    let done = command(&app, &guest, (Command::ReleaseHold(released), idempotency, condition)).await?;
    json(StatusCode::OK, &Carried::from(done))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMode {
    mode: String,
}

/// Makes an enforcement point known, or changes its mode.
#[utoipa::path(
    put,
    path = "/v1/peps/{name}",
    tag = "enforcement points",
    security(("token" = ["admin"])),
    params(("name" = String, Path, description = "Its name.")),
    request_body = NewMode,
    responses((status = 200, description = "The mode is set.", body = Carried))
)]
async fn set_pep(Shared(app): Shared<App>, Path(name): Path<String>, request: Request) -> Reply {
    let (head, body) = request.into_parts();
    let guest = Guest::admin(&app, &head)?;
    let Sent { value, idempotency } = sent::<NewMode>(&app, &head, body).await?;
    if name.is_empty() || name.len() > NewToken::NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(Problem::bad("the name of the enforcement point is empty, too long or does not print"));
    }
    let mode = mode_of(&value.mode).ok_or_else(no_mode)?;
    let condition = condition(&head, versioned(PEP, &name))?;
    let set = PepSet { pep: Pep { name, mode: mode.into() }, by: guest.name() };
    let done = command(&app, &guest, (Command::SetPep(set), idempotency, condition)).await?;
    json(StatusCode::OK, &Carried::from(done))
}

fn no_mode() -> Problem {
    Problem::bad("mode is none of enforce, shadow, learn")
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskedToken {
    name: String,
    scopes: Vec<String>,
    /// Who is to hold it, if it is to ask about nobody else.
    subject: Option<SubjectRow>,
    #[schema(value_type = Option<Instant>)]
    expires_at: Option<Time>,
}

/// The answer to who asked for a token: the only time that its text is shown.
#[derive(Serialize, ToSchema)]
struct ShownToken {
    id: String,
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String)]
    token: Secret,
    #[schema(value_type = u64)]
    fact: FactNumber,
}
fn shown<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Makes a token valid. Its text is in this answer, and never shown again.
#[utoipa::path(
    post,
    path = "/v1/tokens",
    tag = "tokens",
    security(("token" = ["admin"])),
    request_body = AskedToken,
    responses((status = 201, description = "The token is valid.", body = ShownToken))
)]
async fn issue_token(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, body) = request.into_parts();
    let guest = Guest::admin(&app, &head)?;
    let Sent { value, idempotency } = sent::<AskedToken>(&app, &head, body).await?;
    let scopes: Result<Vec<Scope>, _> = value.scopes.iter().map(|scope| scope.parse()).collect();
    let scopes = scopes.map_err(|error| Problem::bad(error.to_string()))?;
    if value.name == CONFIGURATION {
        return Err(Problem::bad(
            "the name configuration is that of the server's own settings: choose another",
        ));
    }
    let subject = value.subject.map(|SubjectRow { kind, id }| TokenSubject { kind, id });
    let (by, expires_at) = (guest.name(), value.expires_at);
    let asked = NewToken { name: value.name, scopes, subject, by, expires_at };
    let random = zeroize::Zeroizing::new((app.handle.random)());
    let (secret, fact) = issue(asked, &random, guest.now).map_err(|error| Problem::bad(error.to_string()))?;
    let done = command(&app, &guest, (Command::IssueToken(fact), idempotency, None)).await?;
    if done.again {
        let said = format!("token {} was issued under this key, and its text is shown once", done.id);
        return Err(Problem::new(StatusCode::CONFLICT, said));
    }
    let location = format!("/v1/tokens/{}", done.id);
    created(&location, &ShownToken { id: done.id, token: secret, fact: done.fact })
}

/// Ends a token.
#[utoipa::path(
    post,
    path = "/v1/tokens/{id}/revoke",
    tag = "tokens",
    security(("token" = ["admin"])),
    params(("id" = String, Path, description = "Its id, as one segment of the path.")),
    responses((status = 200, description = "It is ended.", body = Carried))
)]
async fn revoke_token(Shared(app): Shared<App>, Path(id): Path<String>, request: Request) -> Reply {
    let (head, body) = request.into_parts();
    let guest = Guest::admin(&app, &head)?;
    let body = app.body(body, app.settings.limits.body_bytes_max).await?;
    let condition = condition(&head, versioned(TOKEN, &id))?;
    let revoked = TokenRevoked { id, by: guest.name() };
    let key = idempotency(&head, &body)?;
    let done = command(&app, &guest, (Command::RevokeToken(revoked), key, condition)).await?;
    json(StatusCode::OK, &Carried::from(done))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPolicy {
    files: BTreeMap<String, String>,
    mode: String,
    #[serde(default = "any_risk")]
    risk_max: u32,
}

const fn any_risk() -> u32 {
    100
}

/// What publishing led to, and what it will cost.
#[derive(Debug, Serialize, ToSchema)]
struct Published {
    id: String,
    #[schema(value_type = u64)]
    fact: FactNumber,
    policies: usize,
    candidates: policy_files::Candidates,
    warnings: Vec<policy_files::Warning>,
}

/// Lets a policy set decide, if it is valid.
#[utoipa::path(
    post,
    path = "/v1/policy",
    tag = "policy",
    security(("token" = ["admin"])),
    request_body = NewPolicy,
    responses((status = 200, description = "The set decides.", body = Published))
)]
async fn publish_policy(Shared(app): Shared<App>, request: Request) -> Reply {
    let (head, body) = request.into_parts();
    let guest = Guest::admin(&app, &head)?;
    let Sent { value, idempotency } = sent::<NewPolicy>(&app, &head, body).await?;
    let mode = mode_of(&value.mode).ok_or_else(no_mode)?;
    let (files, risk_max) = (value.files, value.risk_max.min(100));
    // Checking a large set takes long enough to keep others waiting.
    let checked = tokio::task::spawn_blocking(move || {
        policy_files::read(&files).map(|(set, _)| (policy_files::Costs::from(&set), files))
    });
    let stopped = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the policy set could not be checked");
    let (costs, files) = checked.await.map_err(stopped)?.map_err(|errors| {
        let errors = errors.iter().map(ToString::to_string).collect();
        let said = "the policy set is not valid; the one before still decides";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, said).errors(errors)
    })?;
    let published = policy_files::published(&files, mode, risk_max, &guest.name());
    let condition = condition(&head, version::policy)?;
    let terms = Terms { by: guest.name(), idempotency, condition };
    let work = |reply| Work::PublishPolicy { files, published, terms, reply };
    let done = app.handle.request(app.waits(), work).await?;
    let policy_files::Costs { policies, candidates, warnings } = costs;
    json(StatusCode::OK, &Published { id: done.id, fact: done.fact, policies, candidates, warnings })
}

pub(crate) async fn command(
    app: &App,
    guest: &Guest,
    (command, idempotency, condition): (Command, Option<Idempotency>, Option<Condition>),
) -> Result<Done, WorkError> {
    let terms = Terms { by: guest.name(), idempotency, condition };
    let command = Box::new(command);
    app.handle.request(app.waits(), |reply| Work::Command { command, terms, reply }).await
}

/// Which version of a thing there is when a command about it is carried out.
pub(crate) fn versioned(kind: Kind, id: &str) -> impl FnOnce(&State) -> Option<Version> + Send + 'static {
    let id = id.to_owned();
    move |state| kind.version.and_then(|version| version(state, &id))
}

pub(crate) fn created<T: Serialize>(location: &str, value: &T) -> Reply {
    let mut reply = json(StatusCode::CREATED, value)?;
    if let Ok(location) = HeaderValue::from_str(location) {
        reply.headers_mut().insert(header::LOCATION, location);
    }
    Ok(reply)
}

const HOLD: Kind = Kind { what: "hold", version: Some(version::hold) };
const TOKEN: Kind = Kind { what: "token", version: Some(version::token) };
const PEP: Kind = Kind { what: "enforcement point", version: Some(version::pep) };

/// An id of a kind of thing, from random bytes.
fn id_of(kind: &str, random: &[u8; 32]) -> String {
    let hash = doorward_model::hash::Hash16::of_parts(&[kind.as_bytes(), random]);
    format!("{kind}-{hash}")
}
