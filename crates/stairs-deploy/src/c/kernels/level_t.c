/* The level at bit k of a mask and a sign so many words behind it. */
static int32_t NAME_level_t(const uint32_t *mask, int32_t words, int32_t k)
{
    const int32_t w = k >> 5, n = k & 31;
    return (int32_t)(mask[w] >> n & 1) - 2 * (int32_t)(mask[words + w] >> n & 1);
}
