//! The signs of AI agents in a record.
//!
//! What the platform set itself comes first and counts as proof; what the client says of itself is forgeable and
//! is a hint, never a grant.

use doorward_model::event::{AgentMark, AgentProof};

use crate::client::cut;
use crate::json::value::Value;
use crate::marks::{self, Marks};

/// Where signs are looked for.
pub(crate) struct Signs<'a> {
    pub(crate) service: &'a str,
    /// What the user agent claims.
    pub(crate) claimed: Option<&'a AgentMark>,
    pub(crate) additional: Option<Value<'a>>,
    pub(crate) request: Option<Value<'a>>,
}

/// So much of the text that shows an agent is kept.
const EVIDENCE_BYTES_MAX: usize = 160;

/// A product name is cut to this.
const PRODUCT_BYTES_MAX: usize = 64;

/// The product when only the protocol shows.
const ONLY_PROTOCOL: &str = "mcp";

/// The sign of an agent in a record, the strongest that there is.
pub(crate) fn mark(signs: &Signs<'_>) -> Option<AgentMark> {
    let Some((product, evidence)) = proven(signs) else { return signs.claimed.cloned() };
    let product = match signs.claimed {
        Some(claimed) if product == ONLY_PROTOCOL => &claimed.product,
        _ => &product,
    };
    Some(build(product, AgentProof::Server, &evidence))
}

fn build(product: &str, proof: AgentProof, evidence: &str) -> AgentMark {
    AgentMark {
        product: cut(product, PRODUCT_BYTES_MAX).to_owned(),
        proof: proof as i32,
        evidence: cut(evidence, EVIDENCE_BYTES_MAX).to_owned(),
    }
}

/// Product and evidence by what the platform wrote.
fn proven(signs: &Signs<'_>) -> Option<(String, String)> {
    if let Some(additional) = signs.additional
        && let Some((key, value)) = additional.fields().find(|(key, value)| is_mcp_marker(key, *value))
    {
        return Some((ONLY_PROTOCOL.to_owned(), format!("additionalEventData.{key}={}", value.scalar())));
    }
    if signs.service != "bedrock-agentcore" {
        return None;
    }
    let named = [signs.request, signs.additional].into_iter().flatten().find_map(client_name);
    let evidence = match &named {
        Some(name) => format!("eventSource=bedrock-agentcore.amazonaws.com clientInfo.name={name}"),
        None => "eventSource=bedrock-agentcore.amazonaws.com".to_owned(),
    };
    Some((named.map_or_else(|| "agentcore".to_owned(), |name| product(&name)), evidence))
}

/// `aws:ViaAWSMCPService`, `aws:CalledViaAWSMCP`, or either without its prefix.
fn is_mcp_marker(key: &str, value: Value<'_>) -> bool {
    let name = key.rsplit(':').next().unwrap_or(key);
    let is = |marker: &&str| marker.eq_ignore_ascii_case(name);
    ["ViaAWSMCPService", "CalledViaAWSMCP", "ViaAWSMCP"].iter().any(is)
        && !matches!(value.raw(), "false" | "\"false\"" | "null" | "\"\"")
}

/// The name that an MCP client gave in `initialize`, which a gateway logs.
fn client_name(value: Value<'_>) -> Option<String> {
    let paths: [&[&str]; 3] = [
        &["body", "params", "clientInfo", "name"],
        &["params", "clientInfo", "name"],
        &["clientInfo", "name"],
    ];
    let name = paths.iter().find_map(|path| value.path(path))?.scalar();
    (!name.is_empty()).then(|| name.into_owned())
}

/// Marks in a user agent and the product they show. A mark behind which the name of a client stands comes first,
/// then those that name a product, then those of the protocol.
const PRODUCT_MARKS: [(&str, &str); 32] = [
    (CLIENT_MARK, ONLY_PROTOCOL),
    (PROXY_MARK, ONLY_PROTOCOL),
    ("amazonq-for-cli", "amazon-q"),
    ("amazonq-for-ide", "amazon-q"),
    ("amazon-q-developer", "amazon-q"),
    ("kiro", "kiro"),
    ("claude-cli/", "claude-code"),
    ("claude-code", "claude-code"),
    ("claude_code", "claude-code"),
    ("codex-mcp-client", "codex"),
    ("codex_cli_rs", "codex"),
    ("codex_exec", "codex"),
    ("geminicli", "gemini-cli"),
    ("gemini-cli", "gemini-cli"),
    ("cursor-vscode", "cursor"),
    ("windsurf-client", "windsurf"),
    ("opencode", "opencode"),
    ("strands-agents", "strands"),
    ("integration_source=strands", "strands"),
    ("integration_source=langgraph", "langgraph"),
    ("integration_source=crewai", "crewai"),
    ("langchainaws#agents", "langchain"),
    ("x-client-framework:langchain-aws", "langchain"),
    ("x-client-framework:llama_index", "llama-index"),
    ("x-client-framework:llama-index", "llama-index"),
    ("ai-agent (name:", "ai-agent"),
    ("bedrock-agentcore/", "agentcore"),
    ("ai-sdk/amazon-bedrock", "vercel-ai-sdk"),
    ("awslabs#mcp", ONLY_PROTOCOL),
    ("awslabs/mcp/", ONLY_PROTOCOL),
    ("mcp-proxy-for-aws", ONLY_PROTOCOL),
    ("mcp-server/", ONLY_PROTOCOL),
];

/// Servers put the product that they work for behind it.
const CLIENT_MARK: &str = "mcpclient/";

/// The proxy puts the product that it works for behind its own version.
const PROXY_MARK: &str = "mcp-proxy-for-aws/";

/// What an SDK says of itself in a user agent: no name of a product.
const SDK_WORDS: [&str; 10] = ["md", "ua", "os", "lang", "cfg", "app", "api", "m", "ft", "exec-env"];

static MARKS: Marks = Marks::new(&PRODUCT_MARKS, || marks::search(&PRODUCT_MARKS));

/// The sign of an agent by what the client says of itself.
pub(crate) fn claimed(user_agent: &str) -> Option<AgentMark> {
    let found = MARKS.first(user_agent)?;
    let behind = user_agent.get(found.start + found.mark.len()..).unwrap_or_default();
    let named = match found.mark {
        CLIENT_MARK => name(behind),
        PROXY_MARK => behind.split_once(' ').and_then(|(_, behind)| name(behind)),
        _ => None,
    };
    let named = named.filter(|name| !SDK_WORDS.contains(name));
    let product = named.map_or_else(|| found.shows.to_owned(), product);
    Some(build(&product, AgentProof::Claimed, evidence(user_agent, found.start)))
}

/// The name at the beginning of a text, up to its version.
fn name(text: &str) -> Option<&str> {
    let name = text.split(['#', '/', ' ', ';', ')']).next().unwrap_or_default();
    (!name.is_empty()).then_some(name)
}

/// The words of the user agent from the one on in which the mark stands.
fn evidence(user_agent: &str, place: usize) -> &str {
    let before = user_agent.get(..place).unwrap_or_default();
    let start = before.rfind(' ').map_or(0, |blank| blank + 1);
    user_agent.get(start..).unwrap_or(user_agent)
}

/// Names of clients of the protocol and the product they are; others are their own product.
const PRODUCTS: [(&str, &str); 20] = [
    ("claude-ai", "claude"),
    ("claude-desktop", "claude"),
    ("claude", "claude"),
    ("claude-code", "claude-code"),
    ("codex-mcp-client", "codex"),
    ("codex", "codex"),
    ("gemini-cli-mcp-client", "gemini-cli"),
    ("gemini-cli", "gemini-cli"),
    ("cursor-vscode", "cursor"),
    ("cursor", "cursor"),
    ("visual studio code", "vscode"),
    ("visual-studio-code", "vscode"),
    ("vscode", "vscode"),
    ("windsurf-client", "windsurf"),
    ("windsurf", "windsurf"),
    ("amazon-q-cli", "amazon-q"),
    ("q-dev-cli", "amazon-q"),
    ("q-cli", "amazon-q"),
    ("kiro-cli", "kiro"),
    ("mcp", ONLY_PROTOCOL),
];

/// The product of a client name.
fn product(name: &str) -> String {
    let lower = name.trim().to_ascii_lowercase();
    let known = PRODUCTS.iter().find(|(known, _)| *known == lower).map(|(_, product)| (*product).to_owned());
    known.unwrap_or_else(|| lower.split_whitespace().collect::<Vec<_>>().join("-"))
}
