//! What is not CloudTrail: other audit families, and the other things that lie in log buckets.
//!
//! All of it is recognised by shape, never by file name. A family of audit records that this release does not read
//! is named in a reject; a file that is no audit log at all is named and skipped whole.

use std::borrow::Cow;

use crate::json::value::Value;

/// How a kind of record is recognised: it has all these fields, and, if asked for, this one begins so.
struct Shape {
    name: &'static str,
    fields: &'static [&'static str],
    says: Option<(&'static str, &'static str)>,
}

const fn shape(name: &'static str, fields: &'static [&'static str]) -> Shape {
    Shape { name, fields, says: None }
}

const fn says(
    name: &'static str,
    fields: &'static [&'static str],
    field: &'static str,
    prefix: &'static str,
) -> Shape {
    Shape { name, fields, says: Some((field, prefix)) }
}

/// What lies in log buckets and is no audit log.
const NOT_AUDIT: [Shape; 10] = [
    shape("Doorward rejects", &["source", "record", "bytes", "reason", "hash", "kept"]),
    shape("CloudTrail digest", &["digestStartTime", "digestS3Bucket"]),
    shape("GuardDuty finding", &["schemaVersion", "severity", "service", "partition"]),
    shape("Security Hub finding", &["ProductArn", "GeneratorId", "AwsAccountId"]),
    shape("VPC flow log", &["srcAddr", "dstAddr", "dstPort"]),
    shape("VPC flow log", &["srcaddr", "dstaddr", "dstport"]),
    shape("Route 53 resolver query log", &["query_name", "rcode"]),
    shape("WAF web ACL log", &["webaclId", "httpRequest"]),
    shape("S3 server access log", &["bucketowner", "requestid", "operation"]),
    says("S3 event notification", &["eventSource", "eventName", "s3"], "eventSource", "aws:s3"),
];

/// Audit families that are not read yet, the more special before the more general. The names of fields are
/// compared without regard to case, because pipelines change it.
const FAMILIES: [Shape; 63] = [
    shape("okta", &["published", "eventType", "actor"]),
    shape("okta", &["outcome", "actor", "client", "severity"]),
    shape("okta", &["eventType", "actor", "client", "outcome"]),
    shape("bedrock model invocation", &["schemaType", "modelId", "operation"]),
    says("kubernetes", &["kind", "apiVersion"], "apiVersion", "audit.k8s.io"),
    shape("kubernetes", &["auditID", "requestURI"]),
    shape("kubernetes", &["objectRef", "verb", "user"]),
    says("kubernetes", &["kind", "user"], "kind", "Event"),
    shape("gcp", &["protoPayload"]),
    shape("gcp load balancer", &["insertId", "httpRequest", "jsonPayload"]),
    says("gcp", &["logName", "resource"], "logName", "projects/"),
    says("gsuite", &["kind"], "kind", "admin#reports#activity"),
    shape("gsuite", &["id", "actor", "events"]),
    shape("gsuite", &["id", "actor", "name", "parameters"]),
    shape("gsuite", &["id", "actor", "name", "type"]),
    shape("intune", &["operationName", "identity", "resultDescription", "tenantId"]),
    shape("defender xdr", &["_TimeReceivedBySvc", "operationName"]),
    shape("entra", &["operationName", "category", "properties", "time", "Level"]),
    shape("entra", &["activityDisplayName", "initiatedBy"]),
    shape("entra", &["userPrincipalName", "appDisplayName", "createdDateTime"]),
    shape("azure", &["operationName", "callerIpAddress", "time"]),
    shape("azure", &["operationName", "resourceId", "category"]),
    shape("microsoft graph alert", &["serviceSource", "createdDateTime", "severity"]),
    shape("m365", &["CreationTime", "Operation", "OrganizationId"]),
    shape("github", &["action", "actor", "org"]),
    shape("github", &["action", "actor", "business"]),
    shape("github", &["action", "actor", "repo"]),
    shape("github", &["action", "actor", "@timestamp"]),
    shape("github webhook", &["repository", "sender"]),
    shape("github webhook", &["repository", "action"]),
    shape("github webhook", &["repository", "ref", "commits"]),
    shape("gitlab", &["entity_type", "author_id", "details"]),
    shape("gitlab", &["params", "path"]),
    shape("slack", &["action", "actor", "context"]),
    shape("anthropic", &["organization_id", "created_at", "actor", "type"]),
    says("openai", &["effective_at", "object"], "object", "organization.audit_log"),
    shape("asana", &["gid", "event_type", "actor", "context"]),
    shape("auth0", &["log_id", "data"]),
    shape("auth0", &["log_id", "type", "client_id"]),
    says("axonius", &["event", "source"], "source", "axonius"),
    shape("box", &["event_type", "created_by"]),
    shape("databricks", &["serviceName", "actionName"]),
    shape("dropbox", &["event_type", "involve_non_team_member"]),
    shape("duo", &["isotimestamp", "action", "description"]),
    shape("duo", &["access_device", "auth_device"]),
    shape("teleport", &["ei", "code", "event", "uid"]),
    shape("mongodb atlas", &["eventTypeName", "created"]),
    shape("onelogin", &["event_type_id"]),
    shape("1password", &["item_uuid", "vault_uuid"]),
    shape("1password", &["session_uuid", "target_user"]),
    shape("1password", &["attempt_id", "session_uuid"]),
    shape("push security", &["object", "new", "timestamp", "version"]),
    shape("salesforce", &["EVENT_TYPE", "ORGANIZATION_ID"]),
    shape("salesforce", &["LOGIN_KEY", "TIMESTAMP_DERIVED"]),
    shape("snowflake", &["QUERY_TEXT", "QUERY_TYPE"]),
    shape("snowflake", &["IS_SUCCESS", "REPORTED_CLIENT_TYPE"]),
    shape("snowflake", &["GRANTED_TO", "GRANTEE_NAME"]),
    shape("snowflake", &["SOURCE_CLOUD", "TARGET_CLOUD", "TRANSFER_TYPE"]),
    shape("tailscale", &["event", "fields", "time"]),
    shape("zendesk", &["action_label", "source_type", "actor_id"]),
    shape("atlassian", &["attributes", "id", "type"]),
    shape("atlassian", &["attributes", "id", "message"]),
    shape("zoom", &["operator", "category_type", "operation_detail"]),
];

/// Lists that a whole file is made of when it is no audit log.
const SKIPPED_LISTS: [(&str, &str); 1] = [("logFiles", "CloudTrail digest")];

/// How the labels begin that a simulation writes beside its logs, and what they are called.
const SIMULATION_LABELS: (&[u8], &str) =
    (b"{\"kind\":\"doorward-simulation-labels\"", "Doorward simulation labels");

/// The kind of a file that has a list of this name and no audit records. `before` are the cleaned bytes of the
/// object in front of the list.
pub(crate) fn skipped_list(name: &str, before: &[u8]) -> Option<&'static str> {
    let listed = || SKIPPED_LISTS.iter().find(|(list, _)| *list == name).map(|(_, kind)| *kind);
    simulation_labels(before).or_else(listed)
}

fn simulation_labels(cleaned: &[u8]) -> Option<&'static str> {
    let (begin, kind) = SIMULATION_LABELS;
    cleaned.starts_with(begin).then_some(kind)
}

/// The name of a thing that lies in log buckets and is no audit record.
pub(crate) fn not_audit(value: Value<'_>) -> Option<&'static str> {
    simulation_labels(value.raw().as_bytes()).or_else(|| named(&NOT_AUDIT, value))
}

/// The name of the audit family that an object is of.
pub(crate) fn family(value: Value<'_>) -> Option<Cow<'_, str>> {
    // Some families put everything into one field.
    if value.path(&["event", "workspace_id"]).is_some() {
        return Some(Cow::Borrowed("notion"));
    }
    if value.path(&["detail", "entity_type"]).or_else(|| value.path(&["detail", "custom_message"])).is_some()
    {
        return Some(Cow::Borrowed("gitlab"));
    }
    named(&FAMILIES, value).map(Cow::Borrowed).or_else(|| labelled(value))
}

/// Panther writes the family into the record; what is labelled as ours and is not is of no other family.
fn labelled(value: Value<'_>) -> Option<Cow<'_, str>> {
    let label = value.field("p_log_type").map(Value::scalar)?;
    if label.is_empty() || label == "AWS.CloudTrail" {
        return None;
    }
    let known = LABELS.iter().find(|(begins, _)| label.starts_with(begins));
    let vendor = || label.split('.').next().unwrap_or_default().to_ascii_lowercase();
    Some(known.map_or_else(|| Cow::Owned(vendor()), |(_, name)| Cow::Borrowed(*name)))
}

/// How labels begin whose family is not their first word, and the name that it has here.
const LABELS: [(&str, &str); 20] = [
    ("AWS.ALB", "load balancer log"),
    ("AWS.BedrockModelInvocation", "bedrock model invocation"),
    ("AWS.GuardDuty", "GuardDuty finding"),
    ("AWS.S3ServerAccess", "S3 server access log"),
    ("AWS.SecurityFindingFormat", "Security Hub finding"),
    ("AWS.VPCDns", "Route 53 resolver query log"),
    ("AWS.VPCFlow", "VPC flow log"),
    ("AWS.WAFWebACL", "WAF web ACL log"),
    ("Amazon.EKS.", "kubernetes"),
    ("Azure.Audit", "entra"),
    ("GCP.HTTPLoadBalancer", "gcp load balancer"),
    ("GitHub.Webhook", "github webhook"),
    ("Gravitational.", "teleport"),
    ("Microsoft365.", "m365"),
    ("MicrosoftDefenderXDR.", "defender xdr"),
    ("MicrosoftGraph.", "microsoft graph alert"),
    ("MicrosoftIntune.", "intune"),
    ("MongoDB.", "mongodb atlas"),
    ("OnePassword.", "1password"),
    ("PushSecurity.", "push security"),
];

/// The name of what stands in one of the fields of an object.
pub(crate) fn wrapped_family(value: Value<'_>) -> Option<Cow<'_, str>> {
    let objects = value.fields().map(|(_, inner)| inner).filter(|inner| inner.is_object());
    let named = |inner| family(inner).or_else(|| not_audit(inner).map(Cow::Borrowed));
    objects.into_iter().find_map(named)
}

/// Whether an object is a page of an identity export that has no list of users, groups or roles.
pub(crate) fn is_export(value: Value<'_>) -> bool {
    let first = value.field("Policies").and_then(|policies| policies.items().next());
    first.is_some_and(|policy| policy.field("PolicyVersionList").is_some())
}

fn named(shapes: &[Shape], value: Value<'_>) -> Option<&'static str> {
    let fields: Vec<_> = value.fields().collect();
    let field =
        |name: &str| fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let fits = |shape: &&Shape| {
        let begins =
            |(name, prefix): (&str, &str)| field(name).is_some_and(|it| it.scalar().starts_with(prefix));
        shape.fields.iter().all(|name| field(name).is_some()) && shape.says.is_none_or(begins)
    };
    shapes.iter().find(fits).map(|shape| shape.name)
}

/// So much of a file is looked at to tell what it is.
pub(crate) const PROSE_BYTES_MAX: usize = 64 * 1024;

/// What a file is that does not begin as JSON does, as far as its beginning tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Content {
    /// Text for people or programs to read, with nothing in it that could begin a record.
    Prose,
    /// No text at all.
    Binary,
    /// Perhaps records stand in it.
    Unclear,
}

/// What a file is, by its first [`PROSE_BYTES_MAX`] bytes.
pub(crate) fn content(bytes: &[u8]) -> Content {
    let beginning = bytes.get(..PROSE_BYTES_MAX).unwrap_or(bytes);
    let is_text = match std::str::from_utf8(beginning) {
        Ok(_) => true,
        // The limit may lie inside of a character.
        Err(error) => error.error_len().is_none() && beginning.len() == PROSE_BYTES_MAX,
    };
    if beginning.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()) {
        return Content::Binary;
    }
    let is_record = |at: usize| begins_record(beginning.get(at + 1..).unwrap_or_default());
    match memchr::memchr_iter(b'{', beginning).any(is_record) {
        false if is_text => Content::Prose,
        false | true => Content::Unclear,
    }
}

/// Whether what comes after a brace could be the members of a record. Braces stand in programs and templates, too.
fn begins_record(after: &[u8]) -> bool {
    let next = after.iter().find(|byte| !byte.is_ascii_whitespace());
    next.is_none_or(|byte| matches!(byte, b'"' | b'\\'))
}

/// A file that is neither log nor text, by how it begins: what it is, and whether logs may be in it.
struct Magic {
    at: usize,
    bytes: &'static [u8],
    name: &'static str,
    packs: bool,
}

const fn magic(bytes: &'static [u8], name: &'static str) -> Magic {
    Magic { at: 0, bytes, name, packs: false }
}

const fn packed(at: usize, bytes: &'static [u8], name: &'static str) -> Magic {
    Magic { at, bytes, name, packs: true }
}

const MAGIC: [Magic; 15] = [
    packed(0, b"\x1f\x8b", "gzip, packed twice or sent without its Content-Encoding"),
    packed(0, b"\x28\xb5\x2f\xfd", "zstd, packed twice or sent without its Content-Encoding"),
    magic(b"SQLite format 3\0", "SQLite database"),
    magic(b"PAR1", "Parquet file"),
    magic(b"%PDF-", "PDF document"),
    magic(b"\x89PNG", "PNG image"),
    magic(b"\xff\xd8\xff", "JPEG image"),
    magic(b"\x7fELF", "program"),
    packed(0, b"PK\x03\x04", "zip archive"),
    packed(0, b"BZh", "bzip2 archive"),
    packed(0, b"\xfd7zXZ\0", "xz archive"),
    packed(0, b"7z\xbc\xaf\x27\x1c", "7z archive"),
    packed(0, b"Obj\x01", "Avro file"),
    packed(0, b"ORC", "ORC file"),
    packed(257, b"ustar", "tar archive"),
];

/// What a file is that is neither log nor text, by its first line, and whether logs may be in it.
pub(crate) fn binary(line: &[u8]) -> Option<(&'static str, bool)> {
    let fits = |magic: &&Magic| line.get(magic.at..).is_some_and(|rest| rest.starts_with(magic.bytes));
    MAGIC.iter().find(fits).map(|magic| (magic.name, magic.packs))
}

/// The kind of a text log, by its first line.
pub(crate) fn text_log(line: &[u8]) -> Option<&'static str> {
    let line = std::str::from_utf8(line).ok()?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let word = |place: usize| words.get(place).copied().unwrap_or_default();
    if line.starts_with("version account-id") || (words.contains(&"srcaddr") && words.contains(&"dstaddr")) {
        return Some("VPC flow log");
    }
    if words.len() >= 13 && word(2).starts_with("eni-") {
        return Some("VPC flow log");
    }
    if line.starts_with("#Version:") || line.starts_with("#Fields:") {
        return Some("CloudFront access log");
    }
    if line.starts_with("Enable AWS ELB logging") || line.starts_with("Enable AWSLogs") {
        return Some("log bucket test file");
    }
    if is_load_balancer_log(&words) {
        return Some("load balancer log");
    }
    (is_canonical_id(word(0)) && word(2).starts_with('[')).then_some("S3 server access log")
}

fn is_load_balancer_log(words: &[&str]) -> bool {
    let [first, second, third, ..] = words else { return false };
    let types = ["http", "https", "h2", "grpcs", "ws", "wss", "tls"];
    let timed = |word: &str| word.len() >= 19 && word.as_bytes().get(10) == Some(&b'T');
    let typed = types.contains(first) && (timed(second) || timed(third));
    words.len() >= 12 && (typed || timed(first))
}

/// S3 access logs begin with the canonical id of the bucket's owner.
fn is_canonical_id(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}
