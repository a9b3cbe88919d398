//! Where stored results lie in the arena: each from the stage that computes it to the last one that reads it, the largest placed first
//! at the lowest offset that is free for as long (first fit, decreasing).
//!
//! A result takes the place of another of its type and length that is read for the last time, number by number, where it is computed:
//! a residual stream is updated in place.

use std::collections::BTreeMap;

use stairs_infer::{Op, Source};

use super::CError;
use super::form::Form;
use super::plan::{Plan, Stage};

/// Offsets are multiples of this, as the widest type needs.
const ALIGNMENT: usize = 4;

/// Most bytes an arena can have.
const MOST: usize = i32::MAX as usize;

/// A place in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub offset: usize,
    pub bytes: usize,
    /// First and last stage it is used in.
    pub stages: [usize; 2],
}

/// Offsets of stored results and of what single stages need besides.
pub(super) struct Memory {
    pub slots: Vec<Slot>,
    /// Slot of a stored node.
    pub of_node: BTreeMap<usize, usize>,
    /// Slot of the patch and of the running maxima of a stage.
    pub of_stage: BTreeMap<usize, usize>,
    /// Bytes of the arena.
    pub bytes: usize,
}

impl Memory {
    /// `scratch` says how many bytes a stage needs besides.
    pub(super) fn new(plan: &Plan<'_>, scratch: impl Fn(&Stage) -> usize) -> Result<Self, CError> {
        let mut memory = Self { slots: Vec::new(), of_node: BTreeMap::new(), of_stage: BTreeMap::new(), bytes: 0 };
        for (index, stage) in plan.stages.iter().enumerate() {
            for node in stage.nodes() {
                let Some(form) = plan.forms[node] else { continue };
                let last = plan.last_reader(node).unwrap_or(index);
                let taken = memory.replaced(plan, index, stage, node, form);
                let slot = taken.unwrap_or(memory.slots.len());
                match memory.slots.get_mut(slot) {
                    Some(slot) => slot.stages[1] = last,
                    None => {
                        let numbers = plan.program.nodes()[node].shape.iter().product();
                        memory.slots.push(Slot { offset: 0, bytes: form.bytes(numbers), stages: [index, last] });
                    }
                }
                memory.of_node.insert(node, slot);
            }
            let bytes = scratch(stage);
            if bytes > 0 {
                memory.of_stage.insert(index, memory.slots.len());
                memory.slots.push(Slot { offset: 0, bytes, stages: [index, index] });
            }
        }
        memory.place();
        if memory.bytes > MOST {
            return Err(CError::Memory { bytes: memory.bytes, most: MOST });
        }
        Ok(memory)
    }

    /// The slot that `node` of a stage can take over.
    fn replaced(&self, plan: &Plan<'_>, index: usize, stage: &Stage, node: usize, form: Form) -> Option<usize> {
        let Form::Array(of) = form else { return None };
        if stage.pool.is_some() {
            return None;
        }
        let nodes = plan.program.nodes();
        let bases = |node: usize| nodes[node].inputs.iter().map(|source| plan.base(*source));
        // A head reads around the number it computes.
        let around = |old: usize| stage.head.is_some_and(|head| bases(head).any(|base| base == Source::Node(old)));
        stage.before.iter().flat_map(|node| bases(*node)).find_map(|base| {
            let Source::Node(old) = base else { return None };
            let slot = *self.of_node.get(&old)?;
            let alike = matches!(plan.forms[old], Some(Form::Array(other)) if of.shares(other));
            let equal = nodes[old].shape.iter().product::<usize>() == nodes[node].shape.iter().product::<usize>();
            let ends = self.slots[slot].stages[1] == index && self.slots[slot].stages[0] < index;
            (alike && equal && ends && !around(old) && !matches!(nodes[old].op, Op::Reshape { .. })).then_some(slot)
        })
    }

    fn place(&mut self) {
        let mut order: Vec<usize> = (0..self.slots.len()).collect();
        order.sort_by_key(|slot| (std::cmp::Reverse(self.slots[*slot].bytes), *slot));
        let mut placed: Vec<Slot> = Vec::new();
        for index in order {
            let slot = &mut self.slots[index];
            let mut others: Vec<&Slot> = placed
                .iter()
                .filter(|other| other.stages[0] <= slot.stages[1] && slot.stages[0] <= other.stages[1])
                .collect();
            others.sort_by_key(|other| other.offset);
            for other in others {
                if slot.offset.saturating_add(slot.bytes) <= other.offset {
                    break;
                }
                slot.offset = slot.offset.max(other.offset.saturating_add(other.bytes).next_multiple_of(ALIGNMENT));
            }
            self.bytes = self.bytes.max(slot.offset.saturating_add(slot.bytes).next_multiple_of(ALIGNMENT));
            placed.push(*slot);
        }
    }
}
