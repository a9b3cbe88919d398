//! The pickle of a state dict: a stack machine for what `torch.save` writes, and nothing else.
//!
//! The opcodes are those of pickle protocol 2 that torch's own restricted loader accepts (`torch.load` with `weights_only=True`;
//! `torch/_weights_only_unpickler.py`). The names that are known are those of [`Global`]: functions that describe a tensor, storage
//! types, and classes whose objects are passed over; any other name is an error, and nothing is ever called.
//!
//! Hostile files cost no more than their length: a value is 16 bytes and owns nothing, containers lie in one table and
//! are named by their index. So a memo copies no container, a list may hold itself, and no nesting is deep: nothing here
//! recurses. Texts are ranges of the pickle. The number of values is limited, to those of some three thousand tensors.

mod calls;

use std::collections::HashMap;

use super::{
    error::{Fault, fault},
    global::Global,
    source::number,
    value::{Storage, Value, View},
};

/// Values and containers a pickle may make.
const MAX_VALUES: usize = 1 << 17;

/// What a pickle holds.
#[derive(Debug)]
pub(super) struct Pickle<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    containers: Vec<Vec<Value>>,
    made: usize,
    pub(super) storages: Vec<Storage>,
    pub(super) views: Vec<View>,
}

impl<'a> Pickle<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let (stack, marks, memo, containers) = Default::default();
        let (storages, views) = Default::default();
        Self { bytes, at: 0, stack, marks, memo, containers, made: 0, storages, views }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The items of a container.
    pub(super) fn items(&self, index: u32) -> &[Value] {
        self.containers.get(index as usize).map_or(&[], Vec::as_slice)
    }

    /// The text of a value; `None` where it is none.
    pub(super) fn text(&self, value: Value) -> Option<&'a str> {
        let Value::Text(from, to) = value else { return None };
        std::str::from_utf8(self.bytes.get(from as usize..to as usize)?).ok()
    }

    /// Reads one pickle, up to its `STOP`; another may follow it.
    pub(super) fn load(&mut self) -> Result<Value, Fault> {
        (self.stack, self.marks, self.memo) = Default::default();
        loop {
            match self.byte()? {
                0x80 => _ = self.byte()?,
                b'.' => return self.pop(),
                b'N' => self.push(Value::Opaque)?,
                0x88 => self.push(Value::Bool(true))?,
                0x89 => self.push(Value::Bool(false))?,
                b'J' => {
                    let value = self.unsigned::<4>()? as u32 as i32;
                    self.push(Value::Int(value.into()))?;
                }
                b'K' => self.integer::<1>()?,
                b'M' => self.integer::<2>()?,
                0x8a => self.long()?,
                b'G' => {
                    self.take(8)?;
                    self.push(Value::Opaque)?;
                }
                b'X' => {
                    let len = self.unsigned::<4>()?;
                    self.string(len)?;
                }
                b'U' => {
                    let len = self.unsigned::<1>()?;
                    self.string(len)?;
                }
                b'c' => {
                    let (module, name) = (self.line()?, self.line()?);
                    let global = Global::named(module, name)
                        .ok_or_else(|| Fault::Object(shortened(&format!("{module}.{name}"))))?;
                    self.push(Value::Global(global))?;
                }
                b'(' => self.mark()?,
                b')' => self.container(Vec::new(), Value::Tuple)?,
                b']' => self.container(Vec::new(), Value::List)?,
                b'}' => self.container(Vec::new(), Value::Dict)?,
                b't' => {
                    let items = self.pop_to_mark()?;
                    self.container(items, Value::Tuple)?;
                }
                opcode @ 0x85..=0x87 => {
                    let items = self.pop_last(usize::from(opcode - 0x84))?;
                    self.container(items, Value::Tuple)?;
                }
                b'a' => {
                    let item = self.pop()?;
                    self.extend(&[item], false)?;
                }
                b'e' => {
                    let items = self.pop_to_mark()?;
                    self.extend(&items, false)?;
                }
                b's' => {
                    let value = self.pop()?;
                    let key = self.pop()?;
                    self.extend(&[key, value], true)?;
                }
                b'u' => {
                    let items = self.pop_to_mark()?;
                    self.extend(&items, true)?;
                }
                b'q' => self.put::<1>()?,
                b'r' => self.put::<4>()?,
                b'h' => self.get::<1>()?,
                b'j' => self.get::<4>()?,
                b'Q' => self.persistent()?,
                b'R' => self.reduce()?,
                b'b' => self.build()?,
                0x81 => self.new_object()?,
                other => {
                    let place = self.at - 1;
                    return Err(fault!(
                        "its pickle has the opcode 0x{other:02x} at byte {place}, which torch.save does not write by default"
                    ));
                }
            }
        }
    }

    /// The fields of a tuple.
    pub(super) fn tuple(&self, value: Value, what: &str) -> Result<&[Value], Fault> {
        match value {
            Value::Tuple(index) => Ok(self.items(index)),
            other => Err(fault!("{what} should be a tuple and is {}", other.kind())),
        }
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        Ok(self.take(1)?[0])
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8], Fault> {
        let end = usize::try_from(len).ok().and_then(|len| self.at.checked_add(len));
        let part = end.and_then(|end| self.bytes.get(self.at..end));
        let part = part.ok_or_else(|| fault!("its pickle ends at byte {}, in the middle", self.bytes.len()))?;
        self.at += part.len();
        Ok(part)
    }

    fn unsigned<const N: usize>(&mut self) -> Result<u64, Fault> {
        number::<N>(self.take(N as u64)?, 0)
    }

    fn line(&mut self) -> Result<&'a str, Fault> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(|| fault!("its pickle ends inside a name"))?;
        self.at += end + 1;
        std::str::from_utf8(&rest[..end]).map_err(|_| fault!("a name in its pickle is no UTF-8"))
    }

    fn count(&mut self) -> Result<(), Fault> {
        self.made += 1;
        if self.made > MAX_VALUES { Err(fault!("its pickle holds more than {MAX_VALUES} values")) } else { Ok(()) }
    }

    fn push(&mut self, value: Value) -> Result<(), Fault> {
        self.count()?;
        self.stack.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Value, Fault> {
        let bottom = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= bottom {
            return Err(fault!("its pickle takes a value from an empty stack at byte {}", self.at));
        }
        self.stack.pop().ok_or_else(|| fault!("its pickle has no value"))
    }

    /// The last `count` values of the stack, in a table no larger than they are.
    fn pop_last(&mut self, count: usize) -> Result<Vec<Value>, Fault> {
        let bottom = self.marks.last().copied().unwrap_or(0);
        match self.stack.len().checked_sub(count).filter(|at| *at >= bottom) {
            Some(at) => Ok(self.stack.split_off(at)),
            None => Err(fault!("its pickle takes a value from an empty stack at byte {}", self.at)),
        }
    }

    fn mark(&mut self) -> Result<(), Fault> {
        self.count()?;
        self.marks.push(self.stack.len());
        Ok(())
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value>, Fault> {
        let mark = self.marks.pop().ok_or_else(|| fault!("its pickle has no mark at byte {}", self.at))?;
        Ok(self.stack.split_off(mark))
    }

    fn integer<const N: usize>(&mut self) -> Result<(), Fault> {
        let value = self.unsigned::<N>()?;
        self.push(Value::Int(value as i64))
    }

    /// An integer of any length; kept where it has 64 bits.
    fn long(&mut self) -> Result<(), Fault> {
        let len = self.unsigned::<1>()?;
        let bytes = self.take(len)?;
        let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xFF } else { 0 };
        let mut wide = [fill; 8];
        self.push(if bytes.len() > wide.len() {
            Value::Opaque
        } else {
            wide[..bytes.len()].copy_from_slice(bytes);
            Value::Int(i64::from_le_bytes(wide))
        })
    }

    fn string(&mut self, len: u64) -> Result<(), Fault> {
        let from = self.at;
        std::str::from_utf8(self.take(len)?).map_err(|_| fault!("a text in its pickle is no UTF-8"))?;
        let place = |at: usize| u32::try_from(at).map_err(|_| fault!("its pickle is too long"));
        self.push(Value::Text(place(from)?, place(self.at)?))
    }

    fn container(&mut self, items: Vec<Value>, kind: fn(u32) -> Value) -> Result<(), Fault> {
        let index = self.containers.len() as u32;
        // Counted before the table grows.
        self.push(kind(index))?;
        self.containers.push(items);
        Ok(())
    }

    /// Adds to the list or dict on top of the stack.
    fn extend(&mut self, items: &[Value], pairs: bool) -> Result<(), Fault> {
        let top = self.pop()?;
        if top == Value::Object {
            self.stack.push(top);
            return Ok(());
        }
        let (Value::List(index) | Value::Dict(index)) = top else {
            return Err(fault!("its pickle adds items to {}", top.kind()));
        };
        if pairs != matches!(top, Value::Dict(_)) || (pairs && items.len() % 2 == 1) {
            return Err(fault!("its pickle adds {} items to {}", items.len(), top.kind()));
        }
        if let Some(container) = self.containers.get_mut(index as usize) {
            container.extend_from_slice(items);
        }
        self.stack.push(top);
        Ok(())
    }

    fn put<const N: usize>(&mut self) -> Result<(), Fault> {
        let index = self.unsigned::<N>()? as u32;
        self.count()?;
        let top = self.pop()?;
        self.stack.push(top);
        self.memo.insert(index, top);
        Ok(())
    }

    fn get<const N: usize>(&mut self) -> Result<(), Fault> {
        let index = self.unsigned::<N>()? as u32;
        let value = self.memo.get(&index).copied().ok_or_else(|| fault!("its pickle's memo has no entry {index}"))?;
        self.push(value)
    }
}

/// At most the first hundred characters.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}
