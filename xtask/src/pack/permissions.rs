//! The text of the list of AWS permissions; `crates/privilege/src/catalog/read.rs` says what each line means.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

/// What a package of facts lists.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// When it was made, as an RFC 3339 time.
    pub(super) updated: String,
    pub(super) licence: String,
    pub(super) services: Vec<Service>,
}

impl Package {
    pub(super) fn permissions(&self) -> usize {
        self.services.iter().map(|service| service.permissions.len()).sum()
    }
}

/// One service: what stands before the colon of its permissions, and what it knows.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) prefix: String,
    /// Whether resource control policies of an organisation apply to it.
    pub(super) resource_policies_limited: bool,
    pub(super) permissions: BTreeMap<String, Permission>,
    pub(super) resource_types: BTreeMap<String, ResourceType>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Permission {
    name: String,
    access_level: String,
    resource_types: Vec<ActsOn>,
    condition_keys: Vec<String>,
}

/// A type of resource that a permission acts on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActsOn {
    name: String,
    required: bool,
    condition_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ResourceType {
    key: String,
    arn: String,
}

/// The whole text. Permissions that share access, resource types and condition keys share a line.
pub(super) fn text(package: &Package) -> Result<String> {
    let mut services: Vec<&Service> = package.services.iter().collect();
    services.sort_by_key(|service| format!("{}:", service.prefix));
    let day = package.updated.split('T').next().unwrap_or_default();
    let types: usize = services.iter().map(|service| service.resource_types.len()).sum();
    let mut out = String::new();
    writeln!(out, "doorward permissions 1")?;
    writeln!(
        out,
        "# Facts of AWS's Service Authorization Reference, by `cargo xtask pack permissions`: not written by hand."
    )?;
    writeln!(out, "source {} {} {day} {}", package.name, package.version, package.licence)?;
    writeln!(out, "count {} {} {types}", services.len(), package.permissions())?;
    for service in services {
        of_service(service, &mut out).with_context(|| format!("cannot list service {}", service.prefix))?;
    }
    Ok(out)
}

fn of_service(service: &Service, out: &mut String) -> Result<()> {
    let limited = if service.resource_policies_limited { " rcp" } else { "" };
    writeln!(out, "service {}{limited}", service.prefix)?;
    for kind in service.resource_types.values() {
        let arns = kind.arn.split(", ").map(|arn| short_arn(arn, &service.prefix));
        let arns: Vec<String> = arns.collect::<Result<_>>()?;
        // A few names are two words.
        let name = kind.key.replace(' ', "-");
        writeln!(out, "type {} {}", word(&name)?, arns.join(" "))?;
    }
    let permissions = service.permissions.values();
    let keys: BTreeSet<String> = permissions.clone().flat_map(Permission::keys).collect();
    for key in &keys {
        word(key)?;
    }
    if !keys.is_empty() {
        let shown: Vec<&str> = keys.iter().map(|key| short_key(key, &service.prefix)).collect();
        writeln!(out, "keys {}", shown.join(" "))?;
    }
    let mut lines: BTreeMap<(char, String, BTreeSet<String>), Vec<&str>> = BTreeMap::new();
    for permission in permissions {
        let line = (permission.access()?, acts_on(permission, service)?, permission.keys());
        lines.entry(line).or_default().push(word(&permission.name)?);
    }
    let mut sets: BTreeMap<&BTreeSet<String>, usize> = BTreeMap::new();
    for ((access, types, of_line), names) in &lines {
        let next = sets.len();
        let set = match sets.get(of_line) {
            Some(set) => set.to_string(),
            None if of_line.is_empty() => "-".to_owned(),
            None => {
                let places = of_line.iter().filter_map(|key| keys.iter().position(|one| one == key));
                writeln!(out, "set {}", places.map(|place| place.to_string()).collect::<Vec<_>>().join(" "))?;
                sets.insert(of_line, next);
                next.to_string()
            }
        };
        writeln!(out, "{access} {types} {set} {}", folded(names))?;
    }
    Ok(())
}

impl Permission {
    fn access(&self) -> Result<char> {
        Ok(match self.access_level.as_str() {
            "List" => 'l',
            "Read" => 'r',
            "Write" => 'w',
            "Tagging, Write" | "Tagging" => 't',
            "Permissions management, Write" | "Permissions management" => 'p',
            other => bail!("{} has access level {other}, which is not known", self.name),
        })
    }

    /// The condition keys that requests for it may carry, whatever it acts on.
    fn keys(&self) -> BTreeSet<String> {
        let of_types = self.resource_types.iter().flat_map(|kind| &kind.condition_keys);
        self.condition_keys.iter().chain(of_types).cloned().collect()
    }
}

/// The resource types by their places in the list of the service, each with `!` if one of it must be named.
fn acts_on(permission: &Permission, service: &Service) -> Result<String> {
    let mut places = Vec::new();
    for kind in &permission.resource_types {
        let name = kind.name.to_lowercase();
        let place = service.resource_types.keys().position(|key| *key == name);
        let place =
            place.with_context(|| format!("{} acts on {name}, which is not listed", permission.name))?;
        places.push((place, if kind.required { "!" } else { "" }));
    }
    places.sort_unstable();
    let places: Vec<String> = places.iter().map(|(place, mark)| format!("{place}{mark}")).collect();
    Ok(if places.is_empty() { "-".to_owned() } else { places.join(",") })
}

/// The ARN with `*` for each variable, without what most ARNs of the service begin with.
fn short_arn(arn: &str, prefix: &str) -> Result<String> {
    // One ARN has a variable without the dollar.
    let mut parts = arn.split('{');
    let mut pattern = parts.next().unwrap_or_default().trim_end_matches('$').to_owned();
    for part in parts {
        let (_, rest) = part.split_once('}').with_context(|| format!("{arn} has a variable without end"))?;
        pattern.push('*');
        pattern.push_str(rest.trim_end_matches('$'));
    }
    ensure!(pattern.starts_with("arn:*:"), "{arn} is no ARN of any partition");
    let rest = pattern.strip_prefix(&format!("arn:*:{prefix}:*:*:")).unwrap_or(&pattern);
    word(rest).map(str::to_owned)
}

/// The key; with nothing before its colon, if that is the service itself.
fn short_key<'a>(key: &'a str, prefix: &str) -> &'a str {
    key.strip_prefix(prefix).filter(|rest| rest.starts_with(':')).unwrap_or(key)
}

/// A word of a line: with a space in it, it would be two.
fn word(text: &str) -> Result<&str> {
    let apart = |one: char| one.is_whitespace() || matches!(one, '{' | '}' | ',');
    let clean = !text.is_empty() && !text.replace("${", "").replace('}', "").contains(apart);
    ensure!(clean, "`{text}` is no word");
    Ok(text)
}

/// The names, those that begin with the same verb written as `Verb{One,Two}`.
fn folded(names: &[&str]) -> String {
    let mut by_verb: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in names {
        let verb = name.char_indices().skip(1).find(|(_, one)| !one.is_ascii_lowercase());
        let (verb, rest) = name.split_at(verb.map_or(name.len(), |(at, _)| at));
        by_verb.entry(verb).or_default().push(rest);
    }
    let words = by_verb.iter().map(|(verb, rests)| match rests.as_slice() {
        [rest] => format!("{verb}{rest}"),
        rests => format!("{verb}{{{}}}", rests.join(",")),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Package, Service, text};

    fn service(prefix: &str, permissions: &str, resource_types: &str) -> Service {
        Service {
            prefix: prefix.to_owned(),
            resource_policies_limited: prefix == "s3",
            permissions: serde_json::from_str(permissions).unwrap(),
            resource_types: serde_json::from_str(resource_types).unwrap(),
        }
    }

    fn permission(name: &str, access: &str, types: &str, keys: &str) -> String {
        format!(
            r#""{}":{{"name":"{name}","accessLevel":"{access}","resourceTypes":[{types}],"conditionKeys":[{keys}]}}"#,
            name.to_lowercase()
        )
    }

    fn package(services: Vec<Service>) -> Package {
        Package {
            name: "facts".to_owned(),
            version: "1.2.3".to_owned(),
            updated: "2026-09-26T04:46:59Z".to_owned(),
            licence: "MIT".to_owned(),
            services,
        }
    }

    #[test]
    fn a_line_holds_the_permissions_that_are_alike() {
        let object = r#"{"name":"Object","required":true,"conditionKeys":["s3:authType"]}"#;
        let listed = [
            permission("GetObject", "Read", object, ""),
            permission("Get", "Read", object, ""),
            permission("ListBuckets", "List", "", r#""aws:TagKeys","s3:authType""#),
            permission(
                "TagBucket",
                "Tagging, Write",
                r#"{"name":"bucket","required":false,"conditionKeys":[]}"#,
                "",
            ),
            permission("PutPolicy", "Permissions management, Write", "", ""),
        ];
        let types = r#"{"bucket":{"key":"bucket","arn":"arn:${Partition}:s3:::${Bucket}"},
            "object":{"key":"Object","arn":"arn:${Partition}:s3:${Region}:${Account}:o/${Key}, arn:${Partition}:s3:::${Bucket}/${Key}"}}"#;
        let s3 = service("s3", &format!("{{{}}}", listed.join(",")), types);
        let text = text(&package(vec![s3, service("s3-x", "{}", "{}")])).unwrap();
        let expected = "\
doorward permissions 1
# Facts of AWS's Service Authorization Reference, by `cargo xtask pack permissions`: not written by hand.
source facts 1.2.3 2026-09-26 MIT
count 2 5 2
service s3-x
service s3 rcp
type bucket arn:*:s3:::*
type Object o/* arn:*:s3:::*/*
keys aws:TagKeys :authType
set 0 1
l - 0 ListBuckets
p - - PutPolicy
set 1
r 1! 1 Get{,Object}
t 0 - TagBucket
";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_not_understood_is_an_error_that_names_it() {
        let listed = permission("Get", "Read", r#"{"name":"thing","required":true,"conditionKeys":[]}"#, "");
        let cases = [
            (listed, "{}", "Get acts on thing, which is not listed"),
            (permission("Get", "Guess", "", ""), "{}", "Get has access level Guess, which is not known"),
            (permission("Get It", "Read", "", ""), "{}", "`Get It` is no word"),
            (String::new(), r#"{"a":{"key":"a","arn":"urn:a"}}"#, "urn:a is no ARN of any partition"),
            (String::new(), r#"{"a":{"key":"a","arn":"arn:${P"}}"#, "arn:${P has a variable without end"),
        ];
        for (permissions, types, expected) in cases {
            let service = service("a", &format!("{{{permissions}}}"), types);
            let error = text(&package(vec![service])).unwrap_err();
            assert_eq!(error.root_cause().to_string(), expected);
        }
    }
}
