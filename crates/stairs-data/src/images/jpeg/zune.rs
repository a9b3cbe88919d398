//! JPEG by the crate `zune-jpeg`.

use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::Header;
use crate::images::{DecodeError, Pixels, Region, decode::guarded};

/// Decodes the whole image.
pub(in crate::images) fn decode(bytes: &[u8], header: &Header) -> Result<Pixels, DecodeError> {
    let grey = header.components == 1;
    let options = DecoderOptions::new_fast()
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(if grey { ColorSpace::Luma } else { ColorSpace::RGB });
    let data = guarded(|| {
        JpegDecoder::new_with_options(ZCursor::new(bytes), options)
            .decode()
            .map_err(|error| DecodeError::Damaged(error.to_string()))
    })?;
    let region = Region::whole(header.width as usize, header.height as usize);
    let channels = if grey { 1 } else { 3 };
    if data.len() != region.width * region.height * channels {
        return Err(DecodeError::Damaged("the decoder returned another number of pixels".into()));
    }
    Ok(Pixels { region, channels, data })
}
