//! The text of a list of permissions. Line by line, words apart by one space:
//!
//! - `doorward permissions 1`: the format and its version, first.
//! - `source PACKAGE VERSION DAY LICENCE` and `count SERVICES PERMISSIONS TYPES`: what follows, next.
//! - `service PREFIX`, with `rcp` after it if resource control policies apply: what follows is of this service, in the
//!   order of `PREFIX:`.
//! - `type NAME ARN...`: a type of resource, numbered from 0 within its service; an ARN that does not begin with `arn:`
//!   has `arn:*:PREFIX:*:*:` before it.
//! - `keys KEY...`: the condition keys of the service; one that begins with a colon has the prefix before it.
//! - `set KEY...`: some of these keys by their places from 0; sets are numbered from 0 within their service.
//! - `ACCESS TYPES SET NAME...`: permissions that are alike. ACCESS is `l` for list, `r` read, `w` write,
//!   `t` tagging or `p` permissions management; TYPES are numbers with commas, `!` after one that each request names; SET is a number;
//!   `-` stands for none. `Get{Object,Role}` are two names.
//! - Lines that begin with `#` say nothing.

use std::ops::Range;

use hashbrown::HashTable;

use super::{
    Access, ActsOn, Catalog, CatalogError, Kind, Names, ResourceType, ResourceTypeId, Service, Source, short,
};
use crate::pattern::Pattern;
use crate::permission_set::PermissionSet;

const HEADER: &str = "doorward permissions 1";

/// So many permissions, kinds of them, or types of resources can be numbered.
const MOST: usize = u16::MAX as usize;

pub(super) fn permissions(text: &str) -> Result<Catalog, CatalogError> {
    let mut lines = text.lines().enumerate().map(|(place, line)| (place + 1, line));
    match lines.next() {
        Some((_, HEADER)) => {}
        _ => return Err(error(1, "this is no list of permissions that is known", NEWER)),
    }
    let mut reading = Reading::new();
    for (number, line) in lines {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        reading.line(line).map_err(|what| error(number, &what, ANEW))?;
        if reading.catalog.longest() > MOST {
            return Err(error(
                number,
                "more than 65,535 permissions, kinds of them, or types are listed",
                SHORTER,
            ));
        }
    }
    let number = text.lines().count();
    reading.end_service().map_err(|what| error(number, &what, ANEW))?;
    reading.counted().map_err(|what| error(number, &what, ANEW))?;
    Ok(reading.whole())
}

const NEWER: &str =
    "it begins with the line `doorward permissions 1`; one of another version needs another release";
const ANEW: &str = "make the list anew with `cargo xtask pack permissions`, or mend the line";
const SHORTER: &str = "leave out services that are not used";

fn error(line: usize, what: &str, mend: &str) -> CatalogError {
    CatalogError { line, what: what.to_owned(), mend: mend.to_owned() }
}

/// What was read so far.
struct Reading {
    catalog: Catalog,
    counts: Option<[usize; 3]>,
    service: Option<OfService>,
}

/// What the lines of one service refer to.
struct OfService {
    prefix: String,
    resource_control: bool,
    first_type: usize,
    first_key: usize,
    sets: Vec<Range<u32>>,
    /// Names in lower case and as they are written, one after the other.
    lower: String,
    shown: String,
    /// Where each name lies there, and the kind of its line.
    names: Vec<(Range<usize>, u16)>,
}

impl Reading {
    fn new() -> Self {
        let catalog = Catalog {
            source: Source::default(),
            names: Names::default(),
            kind_of: Vec::new(),
            kinds: Vec::new(),
            acts_on: Vec::new(),
            keys: Vec::new(),
            key_lists: Vec::new(),
            services: Vec::new(),
            resource_types: Vec::new(),
            by_arn_service: Vec::new(),
            levels: Vec::new(),
            by_level: Default::default(),
            level_bits: Vec::new(),
            by_name: HashTable::new(),
            all: PermissionSet::new(),
        };
        Self { catalog, counts: None, service: None }
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "source" => self.source(rest),
            "count" => self.count(rest),
            "service" => self.begin_service(rest),
            "type" => self.resource_type(rest),
            "keys" => self.keys(rest),
            "set" => self.set(rest),
            "l" => self.alike(Access::List, rest),
            "r" => self.alike(Access::Read, rest),
            "w" => self.alike(Access::Write, rest),
            "t" => self.alike(Access::Tagging, rest),
            "p" => self.alike(Access::Permissions, rest),
            other => Err(format!("no line begins with `{other}`")),
        }
    }

    fn source(&mut self, rest: &str) -> Result<(), String> {
        let words: Vec<&str> = rest.split(' ').collect();
        let [package, version, day, licence] = words.as_slice() else {
            return Err("a source is a package, a version, a day and a licence".to_owned());
        };
        let [package, version, day, licence] =
            [package, version, day, licence].map(|word| (*word).to_owned());
        self.catalog.source = Source { package, version, day, licence };
        Ok(())
    }

    fn count(&mut self, rest: &str) -> Result<(), String> {
        let counts: Result<Vec<usize>, String> = rest.split(' ').map(number).collect();
        self.counts = Some(counts?.try_into().map_err(|_| "three numbers are counted".to_owned())?);
        Ok(())
    }

    fn counted(&self) -> Result<(), String> {
        let catalog = &self.catalog;
        let found = [catalog.services.len(), catalog.names.len(), catalog.resource_types.len()];
        if self.counts == Some(found) {
            return Ok(());
        }
        let [services, permissions, types] = found;
        Err(format!(
            "{services} services, {permissions} permissions and {types} types are listed, and the line `count` says otherwise"
        ))
    }

    fn begin_service(&mut self, rest: &str) -> Result<(), String> {
        self.end_service()?;
        let (prefix, resource_control) = match rest.split_once(' ') {
            None => (rest, false),
            Some((prefix, "rcp")) => (prefix, true),
            Some((_, other)) => return Err(format!("`{other}` is nothing that is said of a service")),
        };
        let colon = format!("{prefix}:");
        let last = self.catalog.services.last().map(|service| format!("{}:", service.prefix));
        if prefix.is_empty() || last.is_some_and(|last| last >= colon) {
            return Err(format!("service {prefix} is not after the one before it, in the order of names"));
        }
        self.service = Some(OfService {
            prefix: prefix.to_owned(),
            resource_control,
            first_type: self.catalog.resource_types.len(),
            first_key: self.catalog.keys.len(),
            sets: Vec::new(),
            lower: String::new(),
            shown: String::new(),
            names: Vec::new(),
        });
        Ok(())
    }

    fn resource_type(&mut self, rest: &str) -> Result<(), String> {
        let service = self.service.as_ref().ok_or(BEFORE)?;
        let mut words = rest.split(' ');
        let name = words.next().filter(|name| !name.is_empty()).ok_or("a type has a name")?;
        let arn = |word: &str| match word.starts_with("arn:") {
            true => Pattern::new(word),
            false => Pattern::new(&format!("arn:*:{}:*:*:{word}", service.prefix)),
        };
        let arns: Vec<Pattern> = words.map(arn).collect();
        if arns.is_empty() {
            return Err(format!("type {name} has no ARN"));
        }
        let service = service.prefix.as_str().into();
        self.catalog.resource_types.push(ResourceType { service, name: name.into(), arns });
        Ok(())
    }

    fn keys(&mut self, rest: &str) -> Result<(), String> {
        let service = self.service.as_ref().ok_or(BEFORE)?;
        for key in rest.split(' ') {
            let whole =
                if key.starts_with(':') { format!("{}{key}", service.prefix) } else { key.to_owned() };
            self.catalog.keys.push(whole.to_ascii_lowercase().into());
        }
        Ok(())
    }

    fn set(&mut self, rest: &str) -> Result<(), String> {
        let service = self.service.as_mut().ok_or(BEFORE)?;
        let start = self.catalog.key_lists.len();
        for word in rest.split(' ') {
            let place = service.first_key + number(word)?;
            if place >= self.catalog.keys.len() {
                return Err(format!("the service has no key {word}"));
            }
            self.catalog.key_lists.push(u16::try_from(place).map_err(|_| "there are too many keys")?);
        }
        service.sets.push(wide(start)..wide(self.catalog.key_lists.len()));
        Ok(())
    }

    fn alike(&mut self, access: Access, rest: &str) -> Result<(), String> {
        let service = self.service.as_mut().ok_or(BEFORE)?;
        let mut words = rest.split(' ');
        let (types, set) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let start = self.catalog.acts_on.len();
        for word in types.split(',').filter(|_| types != "-") {
            let bare = word.strip_suffix('!');
            let place = service.first_type + number(bare.unwrap_or(word))?;
            if place >= self.catalog.resource_types.len() {
                return Err(format!("the service has no type {word}"));
            }
            let resource_type = ResourceTypeId(short(place));
            self.catalog.acts_on.push(ActsOn { resource_type, required: bare.is_some() });
        }
        let keys = match set {
            "-" => 0..0,
            set => service
                .sets
                .get(number(set)?)
                .cloned()
                .ok_or_else(|| format!("the service has no set {set}"))?,
        };
        let kind = short(self.catalog.kinds.len());
        self.catalog.kinds.push(Kind {
            access,
            acts_on: wide(start)..wide(self.catalog.acts_on.len()),
            keys,
        });
        let before = service.names.len();
        words.try_for_each(|word| service.name(word, kind))?;
        if service.names.len() == before { Err("the line names no permission".to_owned()) } else { Ok(()) }
    }

    /// Takes the names of the service over in their order.
    fn end_service(&mut self) -> Result<(), String> {
        let Some(service) = self.service.take() else { return Ok(()) };
        let lower = |name: &Range<usize>| service.lower.get(name.clone()).unwrap_or_default();
        let mut names: Vec<&(Range<usize>, u16)> = service.names.iter().collect();
        names.sort_unstable_by_key(|(name, _)| lower(name));
        let first = short(self.catalog.names.len());
        let mut last = "";
        for (name, kind) in names {
            if lower(name) == last {
                return Err(format!("permission {last} is listed twice"));
            }
            last = lower(name);
            let all = &mut self.catalog.names;
            all.lower.push_str(last);
            all.shown.push_str(service.shown.get(name.clone()).unwrap_or_default());
            all.ends.push(wide(all.lower.len()));
            self.catalog.kind_of.push(*kind);
        }
        let permissions = first..short(self.catalog.names.len());
        let (prefix, resource_control) = (service.prefix.into(), service.resource_control);
        self.catalog.services.push(Service { prefix, resource_control, permissions });
        Ok(())
    }

    fn whole(self) -> Catalog {
        let mut catalog = self.catalog;
        catalog.all = catalog.ids().collect();
        for (place, kind) in catalog.resource_types.iter().enumerate() {
            for arn in &kind.arns {
                let service = arn.text().split(':').nth(2).unwrap_or_default();
                catalog.by_arn_service.push((service.into(), ResourceTypeId(short(place))));
            }
        }
        catalog.by_arn_service.sort_unstable();
        catalog.by_arn_service.dedup();
        catalog
    }
}

const BEFORE: &str = "a line `service` comes first";

impl Catalog {
    fn longest(&self) -> usize {
        self.names.len().max(self.kinds.len()).max(self.resource_types.len())
    }
}

impl OfService {
    /// Takes over a name, or several that begin with the same verb.
    fn name(&mut self, word: &str, kind: u16) -> Result<(), String> {
        let (verb, rests) = match word.split_once('{') {
            None => (word, ""),
            Some((verb, rests)) => {
                (verb, rests.strip_suffix('}').ok_or_else(|| format!("`{word}` has no end"))?)
            }
        };
        for rest in rests.split(',') {
            let clean = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            if verb.is_empty() && rest.is_empty() || !verb.bytes().chain(rest.bytes()).all(clean) {
                return Err(format!("`{verb}{rest}` is no name"));
            }
            let start = self.shown.len();
            self.shown.extend([self.prefix.as_str(), ":", verb, rest]);
            self.lower.push_str(self.shown.get(start..).unwrap_or_default());
            if let Some(added) = self.lower.get_mut(start..) {
                added.make_ascii_lowercase();
            }
            self.names.push((start..self.shown.len(), kind));
        }
        Ok(())
    }
}

fn number(word: &str) -> Result<usize, String> {
    word.parse().map_err(|_| format!("`{word}` is no number"))
}

/// A place in a text or table as it is kept; those of this crate are shorter than 4 GiB.
fn wide(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
