//! Events pushed by a source: bytes in, a durable acknowledgement with counts out.

use std::io::Read;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use doorward_intake::{Item, Limits, Reader, redacted};
use doorward_model::event::Event;
use doorward_model::inventory::{AccountExport, join_pages};
use doorward_model::reject::{REJECT_KEPT_BYTES_MAX, Reject, RejectReason};
use doorward_model::time::Time;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::{self, App};
use crate::door::{self, Shut};
use crate::handle::{IngestAnswer, Pushed, Work};
use crate::problem::Problem;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(push))
}

/// Takes in events of a source. The answer comes when they are durable.
#[utoipa::path(
    post,
    path = "/v1/events/{source}",
    tag = "events",
    security(("token" = ["ingest:SOURCE"])),
    params(("source" = String, Path, description = "The source that the token may send for."), ("Content-Encoding" = Option<String>, Header, description = "gzip, or nothing.")),
    request_body = serde_json::Value,
    responses((status = 200, description = "All that was accepted is durable.", body = Acknowledged), (status = 422, description = "Nothing could be read; what was sent is kept as rejects.", body = Acknowledged))
)]
async fn push(
    State(app): State<App>,
    Path(source): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let arrived_at = app::now();
    let verified = door::caller(&app, &head.headers, arrived_at)?;
    verified.ingester(&source).map_err(Shut::from)?;
    let packing = Packing::of(&head.headers)?;
    let limits = app.settings.limits;
    let body = app.body(body, limits.ingest_bytes_max).await?;
    let name = source.clone();
    // Reading takes long enough to keep others waiting.
    let read = tokio::task::spawn_blocking(move || {
        unpack(&body, packing, limits.unpacked_bytes_max).map(|bytes| read(&name, &bytes))
    });
    let failed = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the events could not be read");
    let read = read.await.map_err(failed)??;
    let pushed = read.pushed(&source, arrived_at);
    let clamped = pushed.clamped();
    let rejects = Rejects::of(&pushed.rejects);
    let counted = pushed.events.is_empty();
    let answer = app.handle.request(app.waits(), |reply| Work::Ingest { events: pushed, reply }).await?;
    app.handle.metrics.count_events(&source, &answer, (rejects.rejected, clamped));
    let status =
        if counted && rejects.rejected > 0 { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, axum::Json(Acknowledged { answer, rejects, clamped })).into_response())
}

/// What the sender is told once everything is durable.
#[derive(Debug, Serialize, ToSchema)]
struct Acknowledged {
    #[serde(flatten)]
    answer: IngestAnswer,
    #[serde(flatten)]
    rejects: Rejects,
    /// How many claimed a time that is not possible, and were given the nearest that is.
    clamped: u64,
}

/// What could not be read: all counted, the first shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rejects {
    rejected: u64,
    rejects: Vec<ShownReject>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ShownReject {
    record: u64,
    from_byte: u64,
    to_byte: u64,
    reason: String,
}

impl Rejects {
    pub(crate) fn of(rejects: &[Reject]) -> Self {
        let shown = |reject: &Reject| ShownReject {
            record: reject.record,
            from_byte: reject.bytes.start,
            to_byte: reject.bytes.end,
            reason: reject.reason.to_string(),
        };
        let rejects_shown = rejects.iter().take(REJECTS_SHOWN).map(shown).collect();
        Self { rejected: rejects.len() as u64, rejects: rejects_shown }
    }
}

/// How a body is packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Packing {
    Plain,
    Gzip,
}

impl Packing {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        match app::header(headers, "content-encoding").map(str::trim) {
            None | Some("identity" | "") => Ok(Self::Plain),
            Some("gzip" | "x-gzip") => Ok(Self::Gzip),
            Some(_) => Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the content encoding is neither gzip nor identity",
            )),
        }
    }
}

/// The bytes of a body. A file that is packed is known by its first bytes, whatever the headers say.
pub(crate) fn unpack(body: &[u8], packing: Packing, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let large = || {
        let said = format!("the body is larger than {bytes_max} bytes when unpacked");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, said)
    };
    if packing == Packing::Plain && !body.starts_with(&GZIP_MAGIC) {
        return if body.len() > bytes_max { Err(large()) } else { Ok(body.to_vec()) };
    }
    let mut unpacked = Vec::new();
    let limit = (bytes_max as u64).saturating_add(1);
    let result = flate2::read::MultiGzDecoder::new(body).take(limit).read_to_end(&mut unpacked);
    match result {
        Err(_) => Err(Problem::bad("the body is no whole gzip stream; nothing was taken")),
        Ok(_) if unpacked.len() > bytes_max => Err(large()),
        Ok(_) => Ok(unpacked),
    }
}

/// What stands in a body.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) events: Vec<Box<Event>>,
    pub(crate) exports: Vec<AccountExport>,
    pub(crate) rejects: Vec<Reject>,
}

/// Reads a body that is unpacked.
pub(crate) fn read(source: &str, bytes: &[u8]) -> Contents {
    let mut read = Contents::default();
    let mut take = |item| match item {
        Item::Event(event) => read.events.push(event),
        Item::Export(export) => read.exports.push(*export),
        Item::Reject(reject) => read.rejects.push(reject),
        Item::Skipped { kind } => read.rejects.push(aside(source, bytes, &kind)),
        Item::Wrapped { .. } => {}
    };
    let mut reader = Reader::new(source, Limits::default());
    reader.push(bytes, &mut take);
    reader.finish(&mut take);
    read.rejects.extend(join_pages(&mut read.exports));
    read
}

/// Something that was read and does not belong here: who sent it must learn of it.
fn aside(source: &str, bytes: &[u8], kind: &str) -> Reject {
    Reject {
        source: source.to_owned(),
        record: 0,
        bytes: 0..bytes.len() as u64,
        reason: RejectReason::Unrecognised(kind.to_owned()),
        kept: redacted(bytes.get(..REJECT_KEPT_BYTES_MAX).unwrap_or(bytes)).into_owned(),
        hash: doorward_model::hash::Hash16::of(bytes),
    }
}

impl Contents {
    /// What is sent on.
    fn pushed(self, source: &str, arrived_at: Time) -> Pushed {
        let Self { events, exports, mut rejects } = self;
        let export = |export: &AccountExport| {
            let said = format!("an inventory export of account {}: send it to /v1/imports", export.account);
            aside(source, &[], &said)
        };
        rejects.extend(exports.iter().map(export));
        Pushed::of(source, events, rejects, arrived_at)
    }
}

const GZIP_MAGIC: [u8; 2] = [0x1F, 0x8B];
const REJECTS_SHOWN: usize = 100;
