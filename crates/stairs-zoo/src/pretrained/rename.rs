//! Other names for the tensors of a file, by hand.

use super::{PretrainedError, WeightFile};

impl WeightFile {
    /// The file with other names: those that are `from` or begin with `from.` have `to` in its place, or nothing where `to` is
    /// empty. Whole segments only: `layer1` does not touch `layer10.weight`.
    ///
    /// # Errors
    /// [`PretrainedError::Rename`] where no name begins so, where a name would be left empty, and where two tensors would have
    /// one name.
    ///
    /// ```
    /// use stairs_zoo::pretrained::WeightFile;
    ///
    /// let header = br#"{"encoder.fc.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    /// let bytes = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 4]].concat();
    /// let file = WeightFile::from_bytes("weights.safetensors", bytes)?.renamed("encoder", "")?;
    /// assert_eq!(file.shape("fc.bias"), Some(&[1][..]));
    /// # Ok::<(), stairs_zoo::pretrained::PretrainedError>(())
    /// ```
    pub fn renamed(mut self, from: &str, to: &str) -> Result<Self, PretrainedError> {
        let path = self.path().to_owned();
        let refused =
            |reason: String| PretrainedError::Rename { path, from: from.to_owned(), to: to.to_owned(), reason };
        let mut count = 0;
        for tensor in &mut self.tensors {
            let Some(rest) = tensor.name.strip_prefix(from).filter(|rest| rest.is_empty() || rest.starts_with('.'))
            else {
                continue;
            };
            let name = if to.is_empty() { rest.trim_start_matches('.').to_owned() } else { format!("{to}{rest}") };
            if name.is_empty() {
                return Err(refused(format!("nothing is left of `{}`", tensor.name)));
            }
            tensor.name = name;
            count += 1;
        }
        if from.is_empty() || count == 0 {
            let names: Vec<&str> = self.tensors.iter().take(3).map(|tensor| tensor.name.as_str()).collect();
            return Err(refused(format!(
                "no tensor is called so or begins so; the first ones are {}",
                names.join(", ")
            )));
        }
        self.tensors.sort_by(|a, b| a.name.cmp(&b.name));
        match self.tensors.windows(2).find(|pair| pair[0].name == pair[1].name) {
            Some(pair) => Err(refused(format!("two tensors would be called `{}`", pair[0].name))),
            None => Ok(self),
        }
    }
}
