//! The push lexer: checks the grammar byte by byte, copies what is significant, and redacts secrets in one pass.
//!
//! It keeps its place between calls, so that a file may arrive in any pieces. Everything that callers need to know
//! of the structure are the [`Signal`]s of the outermost levels; deeper ones are only checked and copied.

mod scalar;
pub(crate) mod whole;

use foldhash::fast::FixedState;

use self::scalar::Number;
use crate::redact;

/// What the lexer has come to. The level of a value is the number of containers around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Signal {
    /// The chunk is used up.
    More,
    /// A value begins at [`Lexer::level`]; none of its bytes are in the buffer yet.
    Begin(Kind),
    /// The value at [`Lexer::level`] is complete, and is in the buffer.
    End,
    /// A key of an object whose members are at [`Lexer::level`] is complete: see [`Lexer::key`].
    Key,
    /// The grammar is broken here; nothing after it can be read.
    Broken(&'static str),
}

/// What a value is, by its first byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Object,
    Array,
    Scalar,
}

/// What is wrong with a record whose grammar is right.
#[derive(Debug)]
pub(crate) enum Fault {
    /// An object has a key twice.
    DuplicateKey(String),
    /// It is nested deeper than allowed.
    Depth,
    /// It is larger than allowed: the hash of all of it, of which only the beginning is in the buffer.
    Size(Box<blake3::Hasher>),
}

/// Where a member of a record lies in its cleaned bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Member {
    /// Where the key begins.
    pub(crate) key: usize,
    /// Where the value begins, which is one byte, the colon, behind the end of the key.
    pub(crate) value: usize,
    /// Where the value ends.
    pub(crate) end: usize,
}

impl Member {
    /// A member whose key lies at these places of a buffer, and which is not complete.
    fn begin(key: usize, key_end: usize, record: usize) -> Self {
        let value = key_end.saturating_add(1).saturating_sub(record);
        Self { key: key.saturating_sub(record), value, end: value }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// A value, or at level 0 the end.
    Value,
    /// After `[`: a value or `]`.
    FirstItem,
    /// After `{`: a key or `}`.
    FirstKey,
    /// After `,` in an object: a key.
    Key,
    Colon,
    /// After a value inside a container: `,` or the closing bracket.
    After,
    Text(Role),
    Escape(Role),
    Hex(Role, u8),
    Number(Number),
    Literal(&'static [u8]),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Key,
    Value,
}

/// See the module.
pub(crate) struct Lexer {
    state: State,
    /// Signals are given for values up to this level, and for keys above it.
    watched: usize,
    /// The open containers, `true` for an object.
    stack: Vec<bool>,
    /// Hashes and places of the keys of all open objects, and where each object's begin.
    keys: Vec<(u64, usize)>,
    key_starts: Vec<usize>,
    hasher: FixedState,
    buffer: Vec<u8>,
    /// Where the present record begins in the buffer.
    mark: usize,
    /// The members of the present record, and the level that they are at.
    outline: Vec<Member>,
    outlined: usize,
    size_max: usize,
    depth_max: usize,
    fault: Option<Fault>,
    /// Where bytes of the chunk begin that are not copied yet.
    run: usize,
    /// Where the present string or number begins in the buffer, and, if it began in this chunk, in the chunk.
    token: usize,
    token_in_chunk: Option<usize>,
    escaped: bool,
    announced: bool,
    /// The present key, while the caller looks at it.
    key: Vec<u8>,
    /// The beginning of a key that was cut between chunks, for when the buffer does not take it.
    key_begun: Vec<u8>,
    secret: Secret,
    redactions: u64,
    /// How often strings that hold JSON may still be looked into.
    nesting: u8,
}

/// Deeper than this the file is given up, so that the stack stays small.
const STACK_MAX: usize = 1 << 20;

/// How much of a record that is too large stays in the buffer.
const KEPT_MAX: usize = doorward_model::reject::REJECT_KEPT_BYTES_MAX;

/// So much of a key is kept that is cut between chunks: more than the longest secret key with all letters escaped.
const KEY_BEGUN_MAX: usize = 256;

/// What is known of secrets at the present place.
#[derive(Default)]
struct Secret {
    /// The value of the present key is one.
    next: bool,
    /// All scalars deeper than this level are.
    below: Option<usize>,
    /// The present scalar is one.
    hiding: bool,
}

/// A buffer larger than this is given back after the record that needed it.
const CAPACITY_KEPT_MAX: usize = 1 << 20;

/// How often a string that holds JSON is looked into, when it holds strings that hold JSON.
const NESTING_MAX: u8 = 3;

impl Lexer {
    pub(crate) fn new(size_max: usize, depth_max: usize) -> Self {
        Self {
            state: State::Value,
            watched: 2,
            stack: Vec::new(),
            keys: Vec::new(),
            key_starts: Vec::new(),
            hasher: FixedState::with_seed(0),
            buffer: Vec::new(),
            mark: 0,
            outline: Vec::new(),
            outlined: 1,
            size_max,
            depth_max,
            fault: None,
            run: 0,
            token: 0,
            token_in_chunk: None,
            escaped: false,
            announced: false,
            key: Vec::new(),
            key_begun: Vec::new(),
            secret: Secret::default(),
            redactions: 0,
            nesting: NESTING_MAX,
        }
    }

    /// How many containers are open.
    pub(crate) fn level(&self) -> usize {
        self.stack.len()
    }

    /// The cleaned bytes of the present record so far.
    pub(crate) fn record(&self) -> &[u8] {
        self.buffer.get(self.mark..).unwrap_or_default()
    }

    /// The members of the present record that are complete.
    pub(crate) fn outline(&self) -> &[Member] {
        &self.outline
    }

    /// The present key, unescaped.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Where the next copied byte will lie.
    pub(crate) fn end(&self) -> usize {
        self.buffer.len()
    }

    /// Cleaned bytes from some place on.
    pub(crate) fn since(&self, place: usize) -> &[u8] {
        self.buffer.get(place..).unwrap_or_default()
    }

    /// Forgets what lies behind a place, and begins a record there, or at the end when that comes first. The record
    /// is the next value of this level.
    pub(crate) fn begin_record(&mut self, place: usize, size_max: usize) -> usize {
        self.buffer.truncate(place);
        self.mark = self.buffer.len();
        self.outline.clear();
        self.outlined = self.level() + 1;
        self.size_max = size_max;
        self.fault = None;
        if place == 0 && self.buffer.capacity() > CAPACITY_KEPT_MAX {
            self.buffer = Vec::new();
        }
        self.mark
    }

    /// What is wrong with the present record, if something is.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Allows the present record another size.
    pub(crate) fn allow(&mut self, size_max: usize) {
        self.size_max = size_max;
    }

    /// Gives signals for values up to this level, and for keys above it.
    pub(crate) fn watch(&mut self, level: usize) {
        self.watched = level;
    }

    /// Takes what is wrong with the present record.
    pub(crate) fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// Whether the input may end here.
    pub(crate) fn at_rest(&self) -> bool {
        self.stack.is_empty() && matches!(self.state, State::Value)
    }

    /// Works on until something is to be told. `at` is where the next byte lies in the chunk; it starts at 0 for
    /// each chunk and is not to be changed between calls.
    pub(crate) fn next(&mut self, chunk: &[u8], at: &mut usize) -> Signal {
        if *at == 0 {
            self.run = 0;
        }
        loop {
            let Some(&byte) = chunk.get(*at) else {
                self.copy(chunk, *at);
                if matches!(
                    self.state,
                    State::Text(Role::Key) | State::Escape(Role::Key) | State::Hex(Role::Key, _)
                ) {
                    self.keep_key(chunk.get(self.token_in_chunk.unwrap_or_default()..).unwrap_or_default());
                }
                self.token_in_chunk = None;
                self.run = 0;
                return Signal::More;
            };
            let signal = match self.state {
                State::Text(role) => self.text(chunk, at, role),
                State::Escape(role) => self.escape(byte, at, role),
                State::Hex(role, left) => self.hex(byte, at, role, left),
                State::Number(number) => self.number(chunk, at, byte, number),
                State::Literal(rest) => self.literal(chunk, at, byte, rest),
                _ if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') => {
                    self.copy(chunk, *at);
                    let rest = chunk.get(*at..).unwrap_or_default();
                    let blank = |byte: &u8| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
                    *at += rest.iter().position(blank).unwrap_or(rest.len());
                    self.run = *at;
                    None
                }
                _ => self.structure(chunk, at, byte),
            };
            match signal {
                None => {}
                Some(Signal::Broken(what)) => {
                    self.copy(chunk, *at);
                    return Signal::Broken(what);
                }
                Some(signal) => return signal,
            }
        }
    }

    fn structure(&mut self, chunk: &[u8], at: &mut usize, byte: u8) -> Option<Signal> {
        match (self.state, byte) {
            (State::FirstItem, b']') | (State::FirstKey, b'}') => self.close(chunk, at),
            (State::Value | State::FirstItem, _) => self.value(chunk, at, byte),
            (State::FirstKey | State::Key, b'"') => {
                self.begin_token(*at);
                *at += 1;
                self.state = State::Text(Role::Key);
                self.text(chunk, at, Role::Key)
            }
            (State::Colon, b':') => {
                self.colon(chunk, at);
                None
            }
            (State::After, b',') => {
                self.comma(chunk, at);
                None
            }
            (State::After, b'}') if self.stack.last() == Some(&true) => self.close(chunk, at),
            (State::After, b']') if self.stack.last() == Some(&false) => self.close(chunk, at),
            (State::FirstKey | State::Key, _) => Some(Signal::Broken("expected a key")),
            (State::Colon, _) => Some(Signal::Broken("expected a colon")),
            _ => Some(Signal::Broken("expected a comma or the end of the list or object")),
        }
    }

    /// Goes on to the value when there is a colon.
    fn colon(&mut self, chunk: &[u8], at: &mut usize) {
        if chunk.get(*at) == Some(&b':') {
            *at += 1;
            self.state = State::Value;
        }
    }

    /// Goes on to the next key or item when there is a comma.
    fn comma(&mut self, chunk: &[u8], at: &mut usize) {
        if chunk.get(*at) == Some(&b',') {
            *at += 1;
            let in_object = self.stack.last().copied().unwrap_or_default();
            self.state = if in_object { State::Key } else { State::Value };
        }
    }

    fn value(&mut self, chunk: &[u8], at: &mut usize, byte: u8) -> Option<Signal> {
        let kind = match byte {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => Kind::Scalar,
            _ => return Some(Signal::Broken("expected a value")),
        };
        if !self.announced && self.level() <= self.watched {
            self.copy(chunk, *at);
            self.announced = true;
            return Some(Signal::Begin(kind));
        }
        self.announced = false;
        let secret = std::mem::take(&mut self.secret.next);
        match kind {
            Kind::Scalar => self.scalar(chunk, at, byte, secret),
            Kind::Object | Kind::Array => {
                if secret && self.secret.below.is_none() {
                    self.secret.below = Some(self.level());
                }
                self.open(at, kind)
            }
        }
    }

    fn scalar(&mut self, chunk: &[u8], at: &mut usize, byte: u8, secret: bool) -> Option<Signal> {
        self.state = match byte {
            b'"' => State::Text(Role::Value),
            b't' => State::Literal(b"rue"),
            b'f' => State::Literal(b"alse"),
            b'n' => State::Literal(b"ull"),
            b'-' => State::Number(Number::Minus),
            b'0' => State::Number(Number::Zero),
            _ => State::Number(Number::Integer),
        };
        if (secret || self.secret.below.is_some()) && !matches!(self.state, State::Literal(_)) {
            self.copy(chunk, *at);
            self.secret.hiding = true;
        }
        self.begin_token(*at);
        *at += 1;
        if byte == b'"' { self.text(chunk, at, Role::Value) } else { None }
    }

    fn open(&mut self, at: &mut usize, kind: Kind) -> Option<Signal> {
        *at += 1;
        if self.stack.len() >= STACK_MAX {
            return Some(Signal::Broken("nested too deep to go on"));
        }
        if self.stack.len() >= self.depth_max && self.fault.is_none() {
            self.fault = Some(Fault::Depth);
        }
        self.stack.push(kind == Kind::Object);
        self.state = if kind == Kind::Object {
            self.key_starts.push(self.keys.len());
            State::FirstKey
        } else {
            State::FirstItem
        };
        None
    }

    fn close(&mut self, chunk: &[u8], at: &mut usize) -> Option<Signal> {
        *at += 1;
        if self.stack.pop() == Some(true) {
            self.close_object(chunk, *at);
        }
        if self.secret.below == Some(self.level()) {
            self.secret.below = None;
        }
        self.ended(chunk, *at)
    }

    /// Looks for a key that the object has twice.
    fn close_object(&mut self, chunk: &[u8], at: usize) {
        let start = self.key_starts.pop().unwrap_or_default();
        let keys = self.keys.get_mut(start..).unwrap_or_default();
        keys.sort_unstable();
        let twice = keys.windows(2).find_map(|pair| match pair {
            [(one, _), (other, place)] if one == other => Some(*place),
            _ => None,
        });
        self.keys.truncate(start);
        let Some(place) = twice else { return };
        // What has not been copied yet may be too much, and that comes first, however the input is cut.
        self.copy(chunk, at);
        if self.fault.is_none() {
            let text = self.since(place.saturating_add(1));
            let end = text.iter().position(|byte| *byte == b'"').unwrap_or_default();
            let name = String::from_utf8_lossy(text.get(..end.min(64)).unwrap_or_default());
            self.fault = Some(Fault::DuplicateKey(name.into_owned()));
        }
    }

    /// A value is complete.
    fn ended(&mut self, chunk: &[u8], at: usize) -> Option<Signal> {
        self.state = if self.stack.is_empty() { State::Value } else { State::After };
        if self.level() == self.outlined {
            self.end_member(at);
        }
        (self.level() <= self.watched).then(|| {
            self.copy(chunk, at);
            Signal::End
        })
    }

    fn end_member(&mut self, at: usize) {
        let end = self.place(at).saturating_sub(self.mark);
        if let Some(member) = self.outline.last_mut() {
            member.end = end;
        }
    }

    /// Where the byte will lie in the buffer that is at this place in the chunk.
    fn place(&self, at: usize) -> usize {
        self.buffer.len().saturating_add(at.saturating_sub(self.run))
    }

    /// Copies the chunk up to `at`.
    fn copy(&mut self, chunk: &[u8], at: usize) {
        let bytes = chunk.get(self.run..at).unwrap_or_default();
        self.run = at;
        if self.secret.hiding {
            // A secret is not collected: as much of it as tells whether the source has hidden it already.
            let room = redact::HIDDEN_LENGTH_MAX.saturating_sub(self.buffer.len().saturating_sub(self.token));
            self.buffer.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
            return;
        }
        self.append(bytes);
    }

    /// Appends to the record, which stops growing at exactly its limit, however the input is cut into chunks.
    fn append(&mut self, bytes: &[u8]) {
        if let Some(Fault::Size(hasher)) = &mut self.fault {
            hasher.update(bytes);
            return;
        }
        let room = self.size_max.saturating_sub(self.record().len());
        if bytes.len() <= room {
            self.buffer.extend_from_slice(bytes);
            return;
        }
        let (fits, over) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.buffer.extend_from_slice(fits);
        let mut hasher = Box::new(blake3::Hasher::new());
        hasher.update(self.record());
        hasher.update(over);
        self.buffer.truncate(self.mark.saturating_add(KEPT_MAX));
        self.buffer.shrink_to(self.mark.saturating_add(KEPT_MAX));
        self.fault = Some(Fault::Size(hasher));
    }
}
