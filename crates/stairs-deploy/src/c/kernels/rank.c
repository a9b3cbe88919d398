/* How many of n ascending numbers are at most v. */
static int32_t NAME_rank_SUFFIX(const TYPE *t, int32_t n, VALUE v)
{
    int32_t first = 0;
    while (n > 0) {
        const int32_t half = n / 2;
        if (t[first + half] <= v) {
            first += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return first;
}
