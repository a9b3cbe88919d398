/* The level at bit k of a mask. */
static int32_t NAME_level_b(const uint32_t *mask, int32_t k)
{
    return (int32_t)(mask[k >> 5] >> (k & 31) & 1);
}
