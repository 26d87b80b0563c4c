//! A small HTTP client for the admin API: one question, one connection, JSON both ways.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use http::uri::{Authority, Scheme, Uri};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::cli::verbs::Api;

/// Somebody who may ask a server.
pub(crate) struct Client {
    runtime: Runtime,
    authority: Authority,
    token: HeaderValue,
}

impl Client {
    /// A client of the server and with the token that the command line and the environment name.
    pub(crate) fn new(api: &Api) -> Result<Self> {
        let url =
            api.url.clone().or_else(|| std::env::var(URL_VARIABLE).ok()).unwrap_or_else(|| URL.to_owned());
        let authority = authority(&url)?;
        let token = bearer(&token(api)?)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, authority, token })
    }

    /// What lies at a path, if something does.
    pub(crate) fn find(&self, path: &[&str], query: &[(&str, String)]) -> Result<Option<Value>> {
        match self.answer(Method::GET, &target(path, query), None)? {
            (StatusCode::NOT_FOUND, _) => Ok(None),
            answer => self.json(&answer).map(Some),
        }
    }

    /// The text at a path. An answer that tells of a problem is none.
    pub(crate) fn text(&self, path: &[&str], query: &[(&str, String)]) -> Result<String> {
        let (status, bytes) = self.answer(Method::GET, &target(path, query), None)?;
        let text = || String::from_utf8_lossy(&bytes).into_owned();
        if status.is_success() {
            return Ok(text());
        }
        let is_problem = serde_json::from_slice::<Value>(&bytes).is_ok_and(|said| said.is_object());
        Err(if is_problem { problem(status, &bytes) } else { anyhow!("{}", text().trim()) })
    }

    /// The server, as it is named in messages.
    pub(crate) fn name(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// What lies at a path.
    pub(crate) fn get(&self, path: &[&str], query: &[(&str, String)]) -> Result<Value> {
        self.send(Method::GET, &target(path, query), None)
    }

    /// The answer to a command or question.
    pub(crate) fn post(&self, path: &[&str], query: &[(&str, String)], body: &Value) -> Result<Value> {
        self.send(Method::POST, &target(path, query), Some(body))
    }

    /// The answer to a thing that is set.
    pub(crate) fn put(&self, path: &[&str], body: &Value) -> Result<Value> {
        self.send(Method::PUT, &target(path, &[]), Some(body))
    }

    fn send(&self, method: Method, target: &str, body: Option<&Value>) -> Result<Value> {
        self.json(&self.answer(method, target, body)?)
    }

    fn json(&self, (status, bytes): &(StatusCode, Bytes)) -> Result<Value> {
        if status.is_success() {
            let read = serde_json::from_slice(bytes);
            return read
                .with_context(|| format!("http://{} answers with something else than JSON", self.authority));
        }
        Err(problem(*status, bytes))
    }

    fn answer(&self, method: Method, target: &str, body: Option<&Value>) -> Result<(StatusCode, Bytes)> {
        let bytes = body.map(serde_json::to_vec).transpose()?.unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(HOST, self.authority.as_str())
            .header(ACCEPT, JSON)
            .header(CONTENT_TYPE, JSON)
            .header(AUTHORIZATION, self.token.clone())
            .body(Full::new(Bytes::from(bytes)))?;
        let answered =
            self.runtime.block_on(async { timeout(ANSWER_WAIT, exchange(&self.authority, request)).await });
        let late = || format!("http://{} does not answer", self.authority);
        answered.with_context(late)?
    }
}

/// Sends a request over a connection of its own.
async fn exchange(authority: &Authority, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes)> {
    let stream = connect(authority).await.with_context(|| {
        format!("cannot reach http://{authority} (name a running server with --url, or a data folder with --data-dir)")
    })?;
    let lost = || format!("the connection to http://{authority} broke");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.with_context(lost)?;
    // It ends with the answer; what goes wrong with it is told to who waits for the answer.
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request).await.with_context(lost)?;
    let (head, body) = response.into_parts();
    let collected = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
    driver.abort();
    let bytes = collected.map_err(|error| anyhow!(error)).with_context(lost)?.to_bytes();
    Ok((head.status, bytes))
}

/// Connects to this machine and to no other, whatever its name may stand for.
async fn connect(authority: &Authority) -> Result<TcpStream> {
    let host = host(authority);
    let port = authority.port_u16().unwrap_or(80);
    let found = timeout(CONNECT_WAIT, tokio::net::lookup_host((host, port))).await??;
    let here: Vec<SocketAddr> = found.filter(|address| address.ip().to_canonical().is_loopback()).collect();
    if here.is_empty() {
        bail!("{host} is not this machine");
    }
    Ok(timeout(CONNECT_WAIT, TcpStream::connect(here.as_slice())).await??)
}

/// The host and port of a URL, if a token may be sent there.
fn authority(url: &str) -> Result<Authority> {
    let parts = url.parse::<Uri>().ok().map(Uri::into_parts);
    let (scheme, authority, path) =
        parts.map(|parts| (parts.scheme, parts.authority, parts.path_and_query)).unwrap_or_default();
    let (Some(scheme), Some(authority)) = (scheme, authority) else {
        bail!("{url:?} is no URL such as {URL}");
    };
    if path.is_some_and(|path| path.as_str() != "/") || authority.as_str().contains('@') {
        bail!("{url:?} says more than scheme, host and port: write it as {URL}");
    }
    if scheme == Scheme::HTTPS {
        bail!(
            "https is not supported yet: run the command on the machine of the server, or through a tunnel to it"
        );
    }
    let host = host(&authority);
    let is_here = host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    if scheme != Scheme::HTTP || !is_here {
        bail!("no token is sent to {host} in the clear: plain http is for this machine only");
    }
    Ok(authority)
}

fn host(authority: &Authority) -> &str {
    authority.host().trim_start_matches('[').trim_end_matches(']')
}

/// The text of the token. It is never an argument: those can be read by everybody on the machine.
fn token(api: &Api) -> Result<String> {
    match &api.token_file {
        Some(file) => {
            let read = std::fs::read_to_string(file);
            read.with_context(|| format!("cannot read the token in {}", file.display()))
        }
        None => {
            std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.trim().is_empty()).with_context(|| {
                format!("a token is needed: name its file with --token-file, or set {TOKEN_VARIABLE}")
            })
        }
    }
}

fn bearer(token: &str) -> Result<HeaderValue> {
    let mut header = HeaderValue::try_from(format!("Bearer {}", token.trim()))
        .map_err(|_| anyhow!("the token is not one line of text that prints"))?;
    header.set_sensitive(true);
    Ok(header)
}

fn target(path: &[&str], query: &[(&str, String)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, ESCAPED).to_string();
    let path: String = path.iter().map(|part| format!("/{}", encode(part))).collect();
    let pairs: Vec<_> = query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) }
}

/// What the server says went wrong: `title: detail`, and each thing that is wrong.
fn problem(status: StatusCode, bytes: &[u8]) -> anyhow::Error {
    let said: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let text = |member: &str| said.get(member).and_then(Value::as_str);
    let title = text("title").or_else(|| status.canonical_reason()).unwrap_or("Error");
    let detail = text("detail").or(said.as_str()).unwrap_or("the server does not say why");
    let errors = said.get("errors").and_then(Value::as_array);
    let errors = errors.into_iter().flatten().filter_map(Value::as_str);
    anyhow!(errors.fold(format!("{title}: {detail}"), |told, error| format!("{told}\n  {error}")))
}

const URL: &str = "http://127.0.0.1:8420";
const URL_VARIABLE: &str = "DOORWARD_URL";
const TOKEN_VARIABLE: &str = "DOORWARD_TOKEN";
const JSON: &str = "application/json";
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// Longer than a server takes at most.
const ANSWER_WAIT: Duration = Duration::from_secs(60);
/// The graph of 50,000 roles takes 80 MB.
const ANSWER_BYTES_MAX: usize = 512 << 20;
/// All but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::{authority, problem, target};

    fn check(url: &str, expected: Result<&str, &str>) {
        let found = authority(url).map(|authority| authority.to_string());
        assert_eq!(
            found.map_err(|error| error.to_string()),
            expected.map(str::to_owned).map_err(str::to_owned)
        );
    }

    #[test]
    fn a_token_goes_to_this_machine_only() {
        check("http://127.0.0.1:8420", Ok("127.0.0.1:8420"));
        check("http://localhost:80/", Ok("localhost:80"));
        check("http://[::1]:8420", Ok("[::1]:8420"));
        check(
            "http://10.0.0.7:8420",
            Err("no token is sent to 10.0.0.7 in the clear: plain http is for this machine only"),
        );
        check(
            "http://localhost.example.com",
            Err(
                "no token is sent to localhost.example.com in the clear: plain http is for this machine only",
            ),
        );
        check(
            "https://doorward.example.com",
            Err(
                "https is not supported yet: run the command on the machine of the server, or through a tunnel to it",
            ),
        );
        check(
            "http://127.0.0.1:8420/v1",
            Err(
                "\"http://127.0.0.1:8420/v1\" says more than scheme, host and port: write it as http://127.0.0.1:8420",
            ),
        );
        check(
            "http://127.0.0.1@example.com",
            Err(
                "\"http://127.0.0.1@example.com\" says more than scheme, host and port: write it as http://127.0.0.1:8420",
            ),
        );
        check("127.0.0.1:8420", Err("\"127.0.0.1:8420\" is no URL such as http://127.0.0.1:8420"));
    }

    #[test]
    fn what_is_pasted_reaches_the_server_as_it_is() {
        let path = target(&["v1", "identities", "arn:aws:iam::1:user/a b"], &[("q", "x&y=ä".to_owned())]);
        assert_eq!(path, "/v1/identities/arn%3Aaws%3Aiam%3A%3A1%3Auser%2Fa%20b?q=x%26y%3D%C3%A4");
    }

    #[test]
    fn problems_are_told_with_all_that_is_wrong() {
        let told = |status, body: &str| problem(status, body.as_bytes()).to_string();
        let body = r#"{"title":"Unprocessable Entity","status":422,"detail":"not valid","errors":["a:1: x","b:2: y"]}"#;
        assert_eq!(
            told(StatusCode::UNPROCESSABLE_ENTITY, body),
            "Unprocessable Entity: not valid\n  a:1: x\n  b:2: y"
        );
        assert_eq!(told(StatusCode::BAD_REQUEST, r#""subject: missing""#), "Bad Request: subject: missing");
        assert_eq!(told(StatusCode::BAD_GATEWAY, "<html>"), "Bad Gateway: the server does not say why");
    }
}
