/* The level at bit k of a sign. */
static int32_t NAME_level_s(const uint32_t *sign, int32_t k)
{
    return 1 - 2 * (int32_t)(sign[k >> 5] >> (k & 31) & 1);
}
