/* floor(v / 2^n): what >> gives on every machine we know, and C99 leaves open for negative numbers. */
static WIDE NAME_shift_SUFFIX(WIDE v, int32_t n)
{
    return v >= 0 ? v >> n : ~(~v >> n);
}
