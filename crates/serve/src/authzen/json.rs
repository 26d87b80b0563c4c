//! Strict JSON (I-JSON) in, typed values out: a name that stands twice in an object, at any level, and nesting beyond
//! a limit are errors, whatever reads the object; a value of the wrong type is a [`Fault`] that the reader gets as a
//! value, so that one broken item of a batch does not break the others.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use doorward_views::snapshot::attribute::{Attribute, Record};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};

/// A member that is missing or of the wrong type, in words for who wrote it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fault(pub(crate) String);

impl Fault {
    pub(crate) fn expected(what: &str) -> Self {
        Self(format!("expected {what}"))
    }

    /// The same, of a member.
    pub(crate) fn of(self, member: &str) -> Self {
        let Self(message) = self;
        // `a.b: ...` reads better than `a: b: ...`.
        let nested = message.split_once(": ").is_some_and(|(path, _)| !path.contains(' '));
        Self(if nested { format!("{member}.{message}") } else { format!("{member}: {message}") })
    }
}

/// How many more levels an object or list may open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Depth(pub(crate) u32);

impl Depth {
    pub(crate) fn inside<E: Error>(self) -> Result<Self, E> {
        self.0.checked_sub(1).map(Self).ok_or_else(|| E::custom("nested too deep"))
    }
}

/// What reads the members of an object of a known form.
pub(crate) trait Form<'de>: Sized + Default {
    /// What it is, in words.
    const WHAT: &'static str;

    /// Reads the value of a member, or says that it knows none of that name.
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A, depth: Depth)
    -> Result<Known, A::Error>;
}

/// Whether a form knows a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Known {
    Yes,
    No,
}

/// Reads an object of a form, or tells that it is none.
#[derive(Clone, Copy)]
pub(crate) struct Object<F>(pub(crate) Depth, std::marker::PhantomData<F>);

impl<F> Object<F> {
    pub(crate) const fn within(depth: Depth) -> Self {
        Self(depth, std::marker::PhantomData)
    }
}

/// Reads a text, or tells that it is none.
#[derive(Clone, Copy)]
pub(crate) struct Text(pub(crate) Depth);

/// Reads values by name, or tells that they are none.
#[derive(Clone, Copy)]
pub(crate) struct Values(pub(crate) Depth);

/// Reads a list of objects of a form, or tells that it is none.
#[derive(Clone, Copy)]
pub(crate) struct List<F> {
    pub(crate) depth: Depth,
    /// How many are kept; the rest is counted only.
    pub(crate) max: usize,
    form: std::marker::PhantomData<F>,
}

impl<F> List<F> {
    pub(crate) const fn within(depth: Depth, max: usize) -> Self {
        Self { depth, max, form: std::marker::PhantomData }
    }
}

/// Reads anything, strictly, and keeps nothing.
#[derive(Clone, Copy)]
struct Ignored(Depth);

/// What every seed does with a value of another type than its own: read it strictly, and tell.
macro_rules! other_types {
    ($($method:ident($type:ty)),* ; $what:expr) => {
        $(fn $method<E: Error>(self, _: $type) -> Result<Self::Value, E> {
            Ok(Err(Fault::expected($what)))
        })*

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(Err(Fault::expected($what)))
        }
    };
}

macro_rules! no_list {
    ($what:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
            Ignored(self.0).visit_seq(seq)?;
            Ok(Err(Fault::expected($what)))
        }
    };
}

macro_rules! no_object {
    ($what:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            Ignored(self.0).visit_map(map)?;
            Ok(Err(Fault::expected($what)))
        }
    };
}

macro_rules! any_type {
    ($seed:ident $(<$form:ident: $bound:ident>)? -> $value:ty) => {
        impl<'de $(, $form: $bound<'de>)?> DeserializeSeed<'de> for $seed $(<$form>)? {
            type Value = Result<$value, Fault>;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
                deserializer.deserialize_any(self)
            }
        }
    };
}

any_type!(Object<F: Form> -> F);
any_type!(Text -> Cow<'de, str>);
any_type!(Values -> Record);
any_type!(List<F: Form> -> Listed<F>);

impl<'de, F: Form<'de>> Visitor<'de> for Object<F> {
    type Value = Result<F, Fault>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(F::WHAT)
    }

    other_types!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str); F::WHAT);
    no_list!(F::WHAT);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let depth = self.0.inside()?;
        let mut form = F::default();
        let mut names = Names::default();
        while let Some(Name(name)) = map.next_key()? {
            if form.member(&name, &mut map, depth)? == Known::No {
                map.next_value_seed(Ignored(depth))?;
            }
            names.add(name);
        }
        names.check()?;
        Ok(Ok(form))
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Result<Cow<'de, str>, Fault>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Ok(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Ok(Cow::Owned(text.to_owned())))
    }

    other_types!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64); "a string");
    no_list!("a string");
    no_object!("a string");
}

impl<'de> Visitor<'de> for Values {
    type Value = Result<Record, Fault>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    other_types!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str); "an object");
    no_list!("an object");

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        record(map, self.0).map(Ok)
    }
}

/// The first items of a list, and how many there are.
#[derive(Debug)]
pub(crate) struct Listed<F> {
    pub(crate) items: Vec<Result<F, Fault>>,
    pub(crate) count: usize,
}

impl<'de, F: Form<'de>> Visitor<'de> for List<F> {
    type Value = Result<Listed<F>, Fault>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    other_types!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str); "a list");

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let depth = self.depth.inside()?;
        let mut listed = Listed { items: Vec::new(), count: 0 };
        while listed.count < self.max {
            match seq.next_element_seed(Object::within(depth))? {
                Some(item) => listed.items.push(item),
                None => return Ok(Ok(listed)),
            }
            listed.count += 1;
        }
        while seq.next_element_seed(Ignored(depth))?.is_some() {
            listed.count += 1;
        }
        Ok(Ok(listed))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Ignored(self.depth).visit_map(map)?;
        Ok(Err(Fault::expected("a list")))
    }
}

impl<'de> DeserializeSeed<'de> for Ignored {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Ignored {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let depth = self.0.inside()?;
        while seq.next_element_seed(Self(depth))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let depth = self.0.inside()?;
        let mut names = Names::default();
        while let Some(Name(name)) = map.next_key()? {
            map.next_value_seed(Self(depth))?;
            names.add(name);
        }
        names.check()
    }
}

/// One value of a record; null is absent. What a number becomes is for [`Attribute`] to say.
struct Value(Depth);

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Option<Attribute>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = Option<Attribute>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Attribute::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(Attribute::Long(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Attribute::deserialize(IntoDeserializer::<E>::into_deserializer(value)).map(Some)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Attribute::deserialize(IntoDeserializer::<E>::into_deserializer(value)).map(Some)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(Attribute::from(value)))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let depth = self.0.inside()?;
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(Self(depth))? {
            values.extend(value);
        }
        Ok(Some(Attribute::Set(values.into())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        record(map, self.0).map(|record| Some(Attribute::Record(record)))
    }
}

fn record<'de, A: MapAccess<'de>>(mut map: A, depth: Depth) -> Result<Record, A::Error> {
    let depth = depth.inside()?;
    let mut pairs: Vec<(Arc<str>, Attribute)> = Vec::new();
    let mut names = Names::default();
    while let Some(Name(name)) = map.next_key()? {
        let value = map.next_value_seed(Value(depth))?;
        pairs.extend(value.map(|value| (Arc::from(&*name), value)));
        names.add(name);
    }
    names.check()?;
    Ok(pairs.into_iter().collect())
}

/// A name of a member, borrowed where it can be.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor).map(Self)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// The names of the members of one object.
#[derive(Default)]
struct Names<'de>(Vec<Cow<'de, str>>);

impl<'de> Names<'de> {
    fn add(&mut self, name: Cow<'de, str>) {
        self.0.push(name);
    }

    fn check<E: Error>(mut self) -> Result<(), E> {
        self.0.sort_unstable();
        match self.0.windows(2).find(|pair| pair.first() == pair.last()) {
            None => Ok(()),
            Some(pair) => {
                let name: String = pair.iter().take(1).flat_map(|name| name.chars()).take(64).collect();
                Err(E::custom(format_args!("the name {name:?} stands twice in one object")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use doorward_views::snapshot::attribute::Record;
    use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
    use serde::de::DeserializeSeed;
    use serde_json::Value;

    use super::{Depth, Values};

    fn read(text: &str, depth: u32) -> Result<Record, String> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let read = Values(Depth(depth)).deserialize(&mut deserializer).map_err(|error| error.to_string())?;
        deserializer.end().map_err(|error| error.to_string())?;
        read.map_err(|fault| fault.0)
    }

    /// Any JSON, as values by name at the top.
    fn object() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        let value = leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|pairs| pairs.into_iter().collect()),
            ]
        });
        proptest::collection::vec((any::<String>(), value), 0..4)
            .prop_map(|pairs| pairs.into_iter().collect())
    }

    proptest! {
        #[test]
        fn what_is_well_formed_is_read_as_the_policies_read_it(object in object()) {
            let text = object.to_string();
            let plain: Result<Record, _> = serde_json::from_str(&text);
            prop_assert_eq!(read(&text, 64).ok(), plain.ok());
        }

        #[test]
        fn a_name_that_stands_twice_is_refused_wherever(object in object(), name: String, at in 0_usize..3) {
            let (name, value) = (serde_json::to_string(&name).unwrap(), object.to_string());
            let twice = format!("{{{name}:{value},{name}:{value}}}");
            let text = match at {
                0 => twice,
                1 => format!(r#"{{"a":{twice}}}"#),
                _ => format!(r#"{{"a":[0,{{"b":[{twice}]}}]}}"#),
            };
            let said = read(&text, 64).map_err(|error| error.contains("stands twice in one object"));
            prop_assert_eq!(said, Err(true));
        }

        #[test]
        fn nesting_is_read_up_to_the_limit(levels in 1_u32..40, depth in 1_u32..40) {
            let text = format!("{}1{}", r#"{"a":"#.repeat(levels as usize), "}".repeat(levels as usize));
            prop_assert_eq!(read(&text, depth).is_ok(), levels <= depth);
        }

        #[test]
        fn no_text_panics(text: String) {
            drop(read(&text, 8));
        }
    }
}
