/* Number of ones in n words. */
static int32_t NAME_count(const uint32_t *x, int32_t n)
{
    int32_t sum = 0;
    for (int32_t k = 0; k < n; k++) {
        sum += NAME_ones(x[k]);
    }
    return sum;
}
